using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>What holds at any moment, and what is left when everything was removed.</summary>
internal static class Invariants
{
    /// <summary>Records and directories agree.</summary>
    public static async Task DirectoriesEqualRecordsAsync(PrivateDaemon daemon, CancellationToken cancellationToken)
    {
        string[] known = (await daemon.DockerAsync(["ps", "-aq", "--no-trunc"], cancellationToken: cancellationToken)).Expect().Lines;
        Assert.Equal(known.Order(), Names(Path.Combine(daemon.DataRoot, "containers")));
        string[] volumes = (await daemon.DockerAsync(["volume", "ls", "-q"], cancellationToken: cancellationToken)).Expect().Lines;
        Assert.Equal(volumes.Order(), Names(Path.Combine(daemon.DataRoot, "volumes")));
    }

    /// <summary>Removes every container; then nothing of one is left on the host.</summary>
    public static async Task NothingIsLeftAsync(PrivateDaemon daemon, CancellationToken cancellationToken)
    {
        string[] all = (await daemon.DockerAsync(["ps", "-aq"], cancellationToken: cancellationToken)).Expect().Lines;
        if (all.Length > 0)
            (await daemon.DockerAsync(["rm", "-f", "-v", .. all], cancellationToken: cancellationToken)).Expect();
        Assert.Empty(Names(Path.Combine(daemon.DataRoot, "containers")));
        string scope = Path.GetDirectoryName(daemon.RunRoot)!;
        string[] left = [];
        // The supervisor lets go of the last pieces after the answer.
        for (long until = Environment.TickCount64 + 20_000; Environment.TickCount64 < until; await Task.Delay(50, cancellationToken))
        {
            left =
            [
                .. Names(Path.Combine(daemon.RunRoot, "containers")),
                .. daemon.CgroupFolders().SelectMany(Names),
                .. daemon.Interfaces().Where(static name => name.StartsWith("ve", StringComparison.Ordinal) || name.StartsWith("vt", StringComparison.Ordinal)),
                .. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(scope + "/data/", StringComparison.Ordinal) || line.Contains(scope + "/run", StringComparison.Ordinal)),
            ];
            if (left.Length == 0)
                return;
        }
        Assert.Empty(left);
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Select(static d => Path.GetFileName(d)!).Order() : [];
}
