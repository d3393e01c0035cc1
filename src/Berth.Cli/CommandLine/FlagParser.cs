namespace Berth.Cli.CommandLine;

/// <summary>
/// Splits a command line into flags and arguments by the rules of Go's pflag, which docker users know by heart: <c>--name value</c>,
/// <c>--name=value</c>, <c>-itv /a:/b</c>, <c>-m64m</c>, <c>--</c>; a flag that takes a value takes the next word whatever it looks like.
/// </summary>
internal static class FlagParser
{
    /// <summary>
    /// Hands every flag's value to <paramref name="flags"/> and returns the arguments. With <paramref name="stopAtFirstArgument"/>
    /// everything from the first argument on is passed through: it belongs to the workload.
    /// </summary>
    public static List<string> Parse(Flag[] flags, ReadOnlySpan<string> words, bool stopAtFirstArgument)
    {
        List<string> arguments = [];
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                AddRest(arguments, words, i + 1);
                break;
            }
            if (word.Length < 2 || word[0] != '-')
            {
                arguments.Add(word);
                if (stopAtFirstArgument)
                {
                    AddRest(arguments, words, i + 1);
                    break;
                }
            }
            else if (word[1] == '-')
            {
                ParseLong(flags, word, words, ref i);
            }
            else
            {
                ParseShort(flags, word, words, ref i);
            }
        }
        return arguments;
    }

    private static void AddRest(List<string> arguments, ReadOnlySpan<string> words, int from)
    {
        for (var i = from; i < words.Length; i++)
        {
            arguments.Add(words[i]);
        }
    }

    private static void ParseLong(Flag[] flags, string word, ReadOnlySpan<string> words, ref int i)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word[2..] : word[2..equals];
        var flag = Find(flags, name);
        if (flag is null)
        {
            throw name == "help" ? new HelpRequestedException() : Unknown(flags, name);
        }
        if (equals >= 0)
        {
            flag.Accept(word[(equals + 1)..]);
        }
        else if (flag.ValueName is null)
        {
            flag.Accept("true");
        }
        else
        {
            flag.Accept(++i < words.Length ? words[i] : throw new UsageException($"flag needs an argument: --{name}"));
        }
    }

    private static void ParseShort(Flag[] flags, string word, ReadOnlySpan<string> words, ref int i)
    {
        for (var at = 1; at < word.Length; at++)
        {
            var flag = FindLetter(flags, word[at]);
            if (flag is null)
            {
                throw word[at] == 'h'
                    ? new HelpRequestedException()
                    : new UsageException($"unknown shorthand flag: '{word[at]}' in {word}");
            }
            var rest = word[(at + 1)..];
            if (rest.StartsWith('='))
            {
                flag.Accept(rest[1..]);
                return;
            }
            if (flag.ValueName is null)
            {
                flag.Accept("true");
                continue;
            }
            if (rest.Length == 0)
            {
                rest = ++i < words.Length ? words[i] : throw new UsageException($"flag needs an argument: '{word[at]}' in {word}");
            }
            flag.Accept(rest);
            return;
        }
    }

    /// <summary>The flag of that long name, or null.</summary>
    public static Flag? Find(Flag[] flags, string name)
    {
        foreach (var flag in flags)
        {
            if (flag.Name == name)
            {
                return flag;
            }
        }
        return null;
    }

    /// <summary>The flag of that letter, or null.</summary>
    public static Flag? FindLetter(Flag[] flags, char letter)
    {
        foreach (var flag in flags)
        {
            if (flag.Letter == letter)
            {
                return flag;
            }
        }
        return null;
    }

    private static UsageException Unknown(Flag[] flags, string name)
    {
        var near = Suggestions.Nearest(name, flags.Where(flag => !flag.Hidden).Select(flag => flag.Name));
        return new UsageException(near.Count == 0 ? $"unknown flag: --{name}" : $"unknown flag: --{name}. Did you mean --{near[0]}?");
    }
}
