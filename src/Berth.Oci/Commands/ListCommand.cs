using System.Text.Json;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>list</c>: all containers below the root.</summary>
internal static class ListCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["quiet|q"], ["format|f"]);
        if (given.Words.Count > 0) throw new OciException("list takes no container id");
        IReadOnlyList<StateReport> all = [.. session.Store.List().Select(c => c.Report(session.Cgroups))];
        if (given.Has("quiet"))
        {
            foreach (StateReport one in all) Console.Out.WriteLine(one.Id);
            return 0;
        }
        switch (given.Value("format") ?? "table")
        {
            case "json":
                Console.Out.WriteLine(JsonSerializer.Serialize(all, StateJson.Default.IReadOnlyListStateReport));
                return 0;
            case "table":
                Table(all);
                return 0;
            case var other:
                throw new OciException($"--format {other}: use table or json");
        }
    }

    private static void Table(IReadOnlyList<StateReport> all)
    {
        List<string[]> rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED"], .. all.Select(static s => (string[])[s.Id, $"{s.Pid}", s.Status, s.Bundle, s.Created.ToString("yyyy-MM-ddTHH:mm:ssZ")])];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows) Console.Out.WriteLine(string.Join("   ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }
}
