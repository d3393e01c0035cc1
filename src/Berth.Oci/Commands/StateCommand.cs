using System.Text.Json;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>state</c>: [OCI-RT] runtime.md, Query State.</summary>
internal static class StateCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        StoredContainer container = session.Store.Get(Arguments.Parse(words, [], []).Id("state"));
        Console.Out.WriteLine(JsonSerializer.Serialize(container.Report(session.Cgroups), StateJson.Default.StateReport));
        return 0;
    }
}
