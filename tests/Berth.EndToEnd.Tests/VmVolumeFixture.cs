using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>A private daemon and one machine with binds and volumes of all kinds.</summary>
public sealed class VmVolumeFixture : IAsyncLifetime
{
    /// <summary>The machine's name.</summary>
    public const string Machine = "files";

    private const string Seed = "mkdir -p /seed && echo seeded >/seed/f && chown 0:9 /seed/f && ln -s f /seed/l && chown 7:8 /seed && chmod 1750 /seed";

    private PrivateDaemon? _daemon;

    public PrivateDaemon Daemon => _daemon ?? throw new InvalidOperationException("the daemon has not been started");

    /// <summary>Bound to /host.</summary>
    public string Directory => Path.Combine(Daemon.Scratch, "host");

    /// <summary>Bound to /ro, with one file <c>f</c>.</summary>
    public string ReadOnlyDirectory => Path.Combine(Daemon.Scratch, "read-only");

    /// <summary>Bound to /one; its directory has others.</summary>
    public string SingleFile => Path.Combine(Daemon.Scratch, "one");

    public async ValueTask InitializeAsync()
    {
        _daemon = await PrivateDaemon.StartAsync();
        await VmFixture.ProvideKernelAsync(_daemon);
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "nested"));
        System.IO.Directory.CreateDirectory(ReadOnlyDirectory);
        await File.WriteAllTextAsync(Path.Combine(ReadOnlyDirectory, "f"), "kept\n");
        await File.WriteAllTextAsync(SingleFile, "one\n");
        (await _daemon.DockerAsync(["run", "--name", "seed", "busybox", "sh", "-c", Seed])).Expect();
        (await _daemon.DockerAsync(["commit", "-c", "VOLUME /seed", "seed", "seeded"])).Expect();
        (await _daemon.DockerAsync(["run", "--rm", "-v", "vmdata:/d", "-v", "vmsub:/s", "busybox", "sh", "-c",
            "mkdir -p /d/inner /s/a/b; echo inner >/d/inner/f; echo in the middle >/s/a/b/f; echo outside >/s/outside"])).Expect();
        (await _daemon.DockerAsync(
            ["run", "-d", "--runtime", "vm", "--name", Machine, "-m", "256m", "-v", Directory + ":/host", "-v", "vmnested:/host/nested", "--mount", $"type=bind,src={ReadOnlyDirectory},dst=/ro,readonly",
                "-v", SingleFile + ":/one", "-v", "vmdata:/data", "--mount", "type=volume,src=vmsub,dst=/sub,volume-subpath=a/b", "--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m",
                "seeded", "sh", "-c", "echo ready; sleep 100000"])).Expect();
        await VmFixture.WaitForLogAsync(_daemon, Machine, "ready");
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
    }
}
