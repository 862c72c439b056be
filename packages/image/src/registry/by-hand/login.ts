/** The first requests of a pull or a push by hand: which address answers, and what it wants to see. Sets REGISTRY and AUTH. */
import { shellWord } from '@mini-docker/syscall'

/** Goes on with the first of the endpoints at which a registry is. */
export function reach(endpoints: readonly string[]): string {
  return `for REGISTRY in ${endpoints.map(shellWord).join(' ')}; do
  case $(curl -s -o answer -D challenge -w '%{http_code}' "$REGISTRY/v2/") in 200 | 401) break ;; esac
done`
}

/** `scopes` as a token server has them, ready to stand in double quotes: `repository:$REPOSITORY:pull`. */
export function authorize(scopes: readonly string[]): string[] {
  const asked = scopes.map((scope) => `--data-urlencode "scope=${scope}"`).join(' ')
  return [
    'LOGIN=${LOGIN:-} # name:password, where the registry asks for one',
    String.raw`CHALLENGE=$(sed -n 's/\r$//; s/^www-authenticate: *//Ip' challenge)`,
    String.raw`field() { printf '%s\n' "$CHALLENGE" | sed -n "s/.*$1=\"\([^\"]*\)\".*/\1/p"; }`,
    `case $CHALLENGE in
  [Bb]earer*)
    TOKEN=$(curl -fsS \${LOGIN:+-u "$LOGIN"} -G --data-urlencode "service=$(field service)" \\
      ${asked} "$(field realm)" | jq -r '.token // .access_token')
    AUTH="Authorization: Bearer $TOKEN" ;;
  [Bb]asic*) AUTH="Authorization: Basic $(printf %s "$LOGIN" | base64 -w0)" ;;
  *) AUTH= ;;
esac`,
  ]
}
