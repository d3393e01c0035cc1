using Berth.Cli.Api;
using Berth.Cli.Commands;
using Berth.Cli.Http;
using Berth.Cli.Templates;
using Berth.Linux;

namespace Berth.Cli.CommandLine;

/// <summary>The whole of a call: global flags, the verb, its flags and arguments, its exit code.</summary>
internal static class BerthCommand
{
    private const int UsageError = 125;
    private const int BrokenPipe = 128 + 13;

    // Verbs of docker's that people will try.
    private static readonly string[] Absent = ["buildx", "manifest", "search"];

    /// <summary>Runs one command line and returns the exit code.</summary>
    public static int Run(string[] words)
    {
        GlobalFlags globals = new();
        ReadOnlySpan<string> rest = words;
        BerthPaths paths;
        try
        {
            rest = globals.Take(words, out var help);
            paths = globals.Paths();
            if (help)
            {
                rest = [];
            }
        }
        catch (Exception e) when (e is UsageException or CliException)
        {
            using CommandContext plain = new(new BerthPaths("", "", ""));
            plain.Complain($"{e.Message}\nSee 'berth --help'.");
            return UsageError;
        }
        using CommandContext context = new(paths) { MayStartDaemon = !globals.NoStart.Value };
        return Guard(context, rest, globals.Version.Value);
    }

    private static int Guard(CommandContext context, ReadOnlySpan<string> words, bool version)
    {
        try
        {
            if (version)
            {
                context.Out.WriteLine($"Berth version {VersionVerb.Client}");
                context.Flush();
                return 0;
            }
            var code = Dispatch(context, words);
            context.Flush();
            return code;
        }
        catch (LinuxException e) when (e.Errno == Errno.EPIPE)
        {
            // Whoever read the output has gone; there is nobody to tell.
            Environment.Exit(BrokenPipe);
            return BrokenPipe;
        }
    }

    private static int Dispatch(CommandContext context, ReadOnlySpan<string> words)
    {
        if (words.IsEmpty)
        {
            HelpText.WriteOverview(context, "");
            return 0;
        }
        var verb = VerbFactory.Find(words, out var used);
        if (verb is null)
        {
            return Unknown(context, words, used);
        }
        return Execute(context, used == 1 ? words[0] : $"{words[0]} {words[1]}", verb, words[used..]);
    }

    /// <summary>Runs one verb with its own words and turns complaints into exit codes.</summary>
    public static int Execute(CommandContext context, string path, Verb verb, ReadOnlySpan<string> words)
    {
        context.CalledAs = $"berth {path}";
        try
        {
            var arguments = FlagParser.Parse(verb.Flags, words, verb.StopAtFirstArgument);
            CheckCount(verb, arguments.Count);
            return verb.Run(context, arguments);
        }
        catch (HelpRequestedException)
        {
            HelpText.WriteVerb(context, path, verb);
            return 0;
        }
        catch (UsageException e)
        {
            context.Complain($"{e.Message}\n\nUsage:  {context.CalledAs} {verb.Usage}\n\nSee '{context.CalledAs} --help'.");
            return UsageError;
        }
        catch (TemplateException e)
        {
            context.Complain($"--format: {e.Message}");
            return verb.EngineErrorCode;
        }
        catch (CliException e)
        {
            context.Complain(e.Message);
            return e.ExitCode ?? verb.EngineErrorCode;
        }
        catch (ApiException e)
        {
            context.Complain(e.Message);
            return verb.EngineErrorCode;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not LinuxException { Errno: Errno.EPIPE }))
        {
            context.Complain(e is ProtocolException ? $"{e.Message} (socket: {context.Paths.Socket})" : e.Message);
            return verb.EngineErrorCode;
        }
    }

    private static void CheckCount(Verb verb, int count)
    {
        if (count < verb.MinimumArguments)
        {
            throw new UsageException(verb.MinimumArguments == verb.MaximumArguments
                ? $"exactly {Arguments(verb.MinimumArguments)} expected, {count} given"
                : $"at least {Arguments(verb.MinimumArguments)} expected, {count} given");
        }
        if (count > verb.MaximumArguments)
        {
            throw new UsageException(verb.MaximumArguments == 0 ? "no arguments expected" : $"at most {Arguments(verb.MaximumArguments)} expected, {count} given");
        }

        static string Arguments(int number) => number == 1 ? "1 argument" : $"{number} arguments";
    }

    private static int Unknown(CommandContext context, ReadOnlySpan<string> words, int used)
    {
        var group = string.Join(' ', words[..used].ToArray());
        var word = used < words.Length ? words[used] : "";
        if (word is "" or "--help" or "-h" or "help")
        {
            if (used == 0 && words.Length > 1)
            {
                return Dispatch(context, [.. words[1..], "--help"]);
            }
            HelpText.WriteOverview(context, group);
            return 0;
        }
        var called = group.Length == 0 ? "berth" : $"berth {group}";
        if (used == 0 && Absent.Contains(word))
        {
            context.Complain($"Berth has no '{word}' yet. Images come from 'berth build', 'berth pull', 'berth load', 'berth import' and 'berth commit'.");
            return UsageError;
        }
        var near = Suggestions.Nearest(word, VerbTable.Children(group));
        context.Complain($"'{word}' is not a command of '{called}'."
            + (near.Count > 0 ? $" Did you mean: {string.Join(", ", near.Select(name => $"{called} {name}"))}?" : "")
            + $"\nSee '{called} --help'.");
        return UsageError;
    }
}
