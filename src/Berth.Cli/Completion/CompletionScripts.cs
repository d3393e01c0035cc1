namespace Berth.Cli.Completion;

/// <summary>Scripts that make a shell ask <c>berth __complete</c>.</summary>
internal static class CompletionScripts
{
    /// <summary>For bash: source it from ~/.bashrc.</summary>
    public const string Bash = """
        _berth() {
            local line words
            COMPREPLY=()
            # A colon or an equals sign ends a word for bash; the words before the cursor are put together again.
            words=(${COMP_LINE:0:COMP_POINT})
            [[ ${COMP_LINE:COMP_POINT-1:1} == ' ' ]] && words+=('')
            local current=${words[${#words[@]}-1]} cut=''
            [[ $current == *:* && ${COMP_WORDBREAKS-} == *:* ]] && cut=${current%"${current##*:}"}
            while IFS= read -r line; do
                [[ -n $line ]] && COMPREPLY+=("${line#"$cut"}")
            done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
        }
        complete -o bashdefault -o default -F _berth berth ./berth

        """;

    /// <summary>For zsh: source it from ~/.zshrc after compinit.</summary>
    public const string Zsh = """
        #compdef berth
        _berth() {
            local -a candidates
            candidates=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            if [[ -n ${candidates[1]} ]]; then
                compadd -a candidates
            else
                _files
            fi
        }
        compdef _berth berth

        """;

    /// <summary>For fish: save it as ~/.config/fish/completions/berth.fish.</summary>
    public const string Fish = """
        function __berth_complete
            set -l words (commandline -opc) (commandline -ct)
            $words[1] __complete -- $words[2..] 2>/dev/null
        end
        complete -c berth -a '(__berth_complete)'

        """;
}
