@echo off
rem Run tacore's containers on this machine. `deploy.bat help` says how; docs\deploy.md has the whole story.
setlocal EnableExtensions DisableDelayedExpansion
set "HERE=%~dp0"
set "NAME=%~1"
if not defined NAME set "NAME=help"
for %%c in (help -h --help /?) do if /i "%NAME%"=="%%c" goto usage
for %%c in (up down status logs update backup restore) do if /i "%NAME%"=="%%c" goto known
>&2 echo deploy: no command "%NAME%"
call :usage >&2
exit /b 2

:known
where docker >nul 2>&1
if errorlevel 1 (
    >&2 echo deploy: docker is not installed, or not in PATH: https://docs.docker.com/desktop/
    exit /b 1
)
docker compose version >nul 2>&1
if errorlevel 1 (
    >&2 echo deploy: docker is here, but "docker compose", version 2, is not: update Docker Desktop
    exit /b 1
)
docker info >nul 2>&1
if errorlevel 1 (
    >&2 echo deploy: the docker daemon does not answer: start Docker Desktop
    exit /b 1
)
if not exist "%HERE%.env" copy "%HERE%env.example" "%HERE%.env" >nul
if not exist "%HERE%tacore.env" copy "%HERE%tacore.env.example" "%HERE%tacore.env" >nul
if not exist "%HERE%secrets" mkdir "%HERE%secrets"
if not exist "%HERE%config" mkdir "%HERE%config"
cd /d "%HERE%" || exit /b 1
goto do_%NAME%

:do_up
docker compose up --detach --wait --remove-orphans
if errorlevel 1 (
    docker compose ps --all
    >&2 echo deploy: not everything became healthy: "deploy.bat logs" says why
    exit /b 1
)
exit /b 0

:do_down
rem The broker first: it answers what is open while there are workers to do it.
docker compose stop broker
docker compose down --remove-orphans
exit /b %errorlevel%

:do_status
docker compose ps --all
docker compose exec -T broker tacore broker status || exit /b 1
docker compose exec -T broker tacore worker ls
exit /b %errorlevel%

:do_logs
if "%~2"=="" (docker compose logs --follow --tail 100) else (docker compose logs --follow --tail 100 "%~2")
exit /b %errorlevel%

:do_backup
call :backup "%~2"
exit /b %errorlevel%

:do_update
docker compose build --pull broker || exit /b 1
call :running
if not errorlevel 1 (
    call :backup "" || exit /b 1
)
goto do_up

:do_restore
if not exist "%~f2" (
    >&2 echo deploy: which archive? deploy.bat restore FILE
    exit /b 1
)
call :running
if not errorlevel 1 (
    >&2 echo deploy: the service runs: deploy.bat down first
    exit /b 1
)
docker compose run --rm -T --no-deps --entrypoint sh broker -euc "old=data/before-restore-$(date -u +%%Y%%m%%dT%%H%%M%%SZ); mkdir $old; for each in data/*.db data/*.db-*; do [ ! -e $each ] || mv $each $old; done; tar -xzf - --no-same-owner data; echo restored, what was there before is in $old >&2" <"%~f2"
exit /b %errorlevel%

:running
for /f %%i in ('docker compose ps --quiet --status running broker') do exit /b 0
exit /b 1

:backup
call :running
if errorlevel 1 (
    >&2 echo deploy: the broker does not run: deploy.bat up first
    exit /b 1
)
set "FILE=%~f1"
if not "%~1"=="" goto named
for /f %%t in ('docker compose exec -T broker date -u +%%Y%%m%%dT%%H%%M%%SZ') do set "FILE=%HERE%backups\tacore-%%t.tar.gz"
if not exist "%HERE%backups" mkdir "%HERE%backups"
:named
if exist "%FILE%" (
    >&2 echo deploy: "%FILE%" is there already
    exit /b 1
)
docker compose exec -T broker tacore-backup >"%FILE%.partial"
if errorlevel 1 (
    del "%FILE%.partial"
    >&2 echo deploy: the backup failed; nothing was left behind
    exit /b 1
)
move "%FILE%.partial" "%FILE%" >nul
>&2 echo deploy: "%FILE%"
exit /b 0

:usage
echo usage: deploy.bat COMMAND
echo(
echo   up               build the image where there is none, start everything, wait until it is healthy
echo   down             answer what is open, then stop and remove the containers; data stays
echo   status           the containers, and what the service says of itself
echo   logs [SERVICE]   follow the log: of broker, worker, monitor, redis, or all
echo   update           build the image anew from this folder, back up, replace the containers
echo   backup [FILE]    data, configuration and secrets as one archive, while it runs
echo   restore FILE     put a backup back; the service must be down
echo   help             this
echo(
echo Clients connect to 127.0.0.1:5555, the monitor is at http://127.0.0.1:8000. deploy\.env has ports, replicas
echo and limits, deploy\tacore.env settings and keys; both are made from the examples at the first "up".
exit /b 0
