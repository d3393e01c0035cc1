using System.Text.Json;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>ps</c>: process ids of a container, as the host numbers them.</summary>
internal static class PsCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, [], ["format|f"]);
        StoredContainer container = session.Store.Get(given.Id("ps"));
        int[] pids = container.Record is { } record && session.Cgroups.Exists(record.Cgroup) ? [.. session.Cgroups.Open(record.Cgroup).Pids()] : [];
        switch (given.Value("format") ?? "table")
        {
            case "json":
                Console.Out.WriteLine(JsonSerializer.Serialize(pids, StateJson.Default.Int32Array));
                return 0;
            case "table":
                Console.Out.WriteLine("PID");
                foreach (int pid in pids) Console.Out.WriteLine(pid);
                return 0;
            case var other:
                throw new OciException($"--format {other}: use table or json");
        }
    }
}
