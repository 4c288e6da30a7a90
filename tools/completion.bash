# Completion for bash of the four programs: it asks them, so it never says what they do not know.
# Installed by cmake --install; by hand: source tools/completion.bash
_echotrio() {
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' help values
    if [[ ${program##*/} = loadgen ]]; then
        help=$("$program" --help 2>/dev/null)
        if ((COMP_CWORD == 1)) && [[ $word != -* ]]; then
            # the names under "Subcommands:"
            values=$(sed -n '/^Subcommands:/,$ s/^  \([a-z]*\) .*/\1/p' <<<"$help")
            mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
            return
        fi
        [[ ${COMP_WORDS[1]} = -* ]] || command=${COMP_WORDS[1]}
    fi
    help=$("$program" $command --help 2>/dev/null)
    if [[ $word = -* ]]; then
        values=$(grep -oE -- '^ +(-[a-zA-Z],)?--[a-z][a-z0-9-]*' <<<"$help" | grep -oE -- '--[a-z0-9-]+')
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$word")
    elif [[ $before = --* ]]; then
        # what an option takes one of: --gil switch|ticks|off:{switch,ticks,off}
        values=$(grep -E -- "^ +(-[a-zA-Z],)?$before " <<<"$help" | sed -nE 's/^[^{]*\{([a-z0-9,]+)\}.*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "${values//,/ }" -- "$word")
        ((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -f -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _echotrio loadgen echo-prefork echo-threads echo-coroutine
