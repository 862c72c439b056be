/** To do: runs the command it is given as a new process, and ends as that ends. */
const command = process.argv.slice(2)

console.log(`I do not run ${command[0]} yet`)
