# setsid -f starts sleep and ends at once: process 1 inherits it. awk waits for its own child only.
setsid -f sleep 0.1
exec awk 'BEGIN { system("sleep 0.5; ps -e -o pid,ppid,stat,comm") }'
