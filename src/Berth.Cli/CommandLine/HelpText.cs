using Berth.Cli.Commands;
using Berth.Cli.Compose;

namespace Berth.Cli.CommandLine;

/// <summary>Prints help: of everything, of a group of verbs, of one verb.</summary>
internal static class HelpText
{
    /// <summary>The verbs of a group (<c>image</c>), or all verbs for an empty name.</summary>
    public static void WriteOverview(CommandContext context, string group)
    {
        var output = context.Out;
        var colors = context.Colors;
        if (group.Length == 0)
        {
            output.WriteLine("Usage:  berth [OPTIONS] COMMAND\n\nRuns any image as a container or as a virtual machine (--vm).\n");
            output.WriteLine(colors.Bold("Common:"));
            WriteEntries(context, ["run", "exec", "ps", "images", "logs", "stop", "rm", "doctor"], "");
            output.WriteLine(colors.Bold("\nGroups:"));
            WriteRows(context, VerbTable.Groups.Select(name => (name.Name, name.Summary)));
            output.WriteLine(colors.Bold("\nAll:"));
            WriteEntries(context, [.. VerbTable.Children("").Except(VerbTable.Groups.Select(g => g.Name))], "");
            output.WriteLine(colors.Bold("\nOptions:"));
            WriteFlags(context, new GlobalFlags().All);
            output.WriteLine("\nSee 'berth COMMAND --help' for flags and examples of a command.");
            return;
        }
        output.WriteLine($"Usage:  berth {group} COMMAND\n\n{colors.Bold("Commands:")}");
        WriteEntries(context, VerbTable.Children(group), group + " ");
        output.WriteLine($"\nSee 'berth {group} COMMAND --help' for flags and examples of a command.");
    }

    /// <summary>One verb: usage, what it does, flags, examples.</summary>
    public static void WriteVerb(CommandContext context, string path, Verb verb)
    {
        var output = context.Out;
        var colors = context.Colors;
        output.WriteLine($"Usage:  berth {path} {verb.Usage}\n\n{VerbTable.SummaryOf(path)}");
        if (verb is ComposeVerb)
        {
            output.WriteLine($"\n{colors.Bold("Verbs:")}");
            WriteRows(context, ComposeVerbs.All.Select(entry => (entry.Path, entry.Summary)));
        }
        if (verb.Flags.Any(flag => !flag.Hidden))
        {
            output.WriteLine($"\n{colors.Bold("Options:")}");
            WriteFlags(context, verb.Flags);
        }
        if (verb.Examples.Count > 0)
        {
            output.WriteLine($"\n{colors.Bold("Examples:")}");
            foreach (var example in verb.Examples)
            {
                output.WriteLine(example.Contains("berth ", StringComparison.Ordinal) ? $"  {example}" : $"  berth {example}");
            }
        }
    }

    private static void WriteFlags(CommandContext context, Flag[] flags) =>
        WriteRows(context, flags.Where(flag => !flag.Hidden).OrderBy(flag => flag.Name, StringComparer.Ordinal)
            .Select(flag => ($"{(flag.Letter == '\0' ? "   " : $"-{flag.Letter},")} --{flag.Name}{(flag.ValueName is null ? "" : " " + flag.ValueName)}", flag.Help)));

    private static void WriteEntries(CommandContext context, IReadOnlyList<string> names, string prefix) =>
        WriteRows(context, names.Select(name => (name, VerbTable.SummaryOf(prefix + name))));

    private static void WriteRows(CommandContext context, IEnumerable<(string Left, string Right)> rows)
    {
        var list = rows.ToList();
        var width = Math.Min(list.Select(row => row.Left.Length).DefaultIfEmpty(0).Max(), 44);
        foreach (var (left, right) in list)
        {
            context.Out.WriteLine($"  {left.PadRight(width)}  {right}");
        }
    }
}
