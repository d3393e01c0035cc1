using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Testing;

namespace Berth.Oci.Tests;

/// <summary>The published <c>berth-oci</c> with a root of its own and a bundle that holds busybox.</summary>
internal sealed class OciRuntime : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public OciRuntime()
    {
        Requires.Root();
        Directory.CreateDirectory(Path.Combine(Rootfs, "bin"));
        foreach (string folder in (string[])["proc", "dev", "sys", "tmp"]) Directory.CreateDirectory(Path.Combine(Rootfs, folder));
        File.Copy("/bin/busybox", Path.Combine(Rootfs, "bin/busybox"));
        foreach (string name in (string[])["sh", "cat", "sleep", "id", "touch"]) File.CreateSymbolicLink(Path.Combine(Rootfs, "bin", name), "busybox");
    }

    public static string Program { get; } = Repository.Program("berth-oci");

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Bundle => _folder.Combine("bundle");

    public string Rootfs => Path.Combine(Bundle, "rootfs");

    public string State => _folder.Combine("state");

    public string Combine(string name) => _folder.Combine(name);

    /// <summary>Writes the bundle's configuration; its cgroup is the test's own.</summary>
    public void Configure(string script, Action<JsonObject>? change = null)
    {
        JsonObject config = JsonNode.Parse($$"""
            {
              "ociVersion": "1.0.2",
              "process": { "user": { "uid": 0, "gid": 0 }, "args": [], "env": ["PATH=/bin"], "cwd": "/" },
              "root": { "path": "rootfs" },
              "hostname": "oci",
              "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
                { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"] }
              ],
              "linux": {
                "cgroupsPath": "/{{Path.GetFileName(_folder.Path)}}/c",
                "resources": { "devices": [ { "allow": false, "access": "rwm" } ] },
                "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" }, { "type": "network" }, { "type": "cgroup" } ]
              }
            }
            """)!.AsObject();
        config["process"]!["args"] = new JsonArray("sh", "-c", script);
        change?.Invoke(config);
        File.WriteAllText(Path.Combine(Bundle, "config.json"), config.ToJsonString());
    }

    public Task<CommandResult> RunAsync(params string[] arguments) =>
        Command.RunAsync(Program, ["--root", State, .. arguments], null, null, Token);

    public Task<CommandResult> RunWithInputAsync(string input, params string[] arguments) =>
        Command.RunAsync(Program, ["--root", State, .. arguments], null, System.Text.Encoding.UTF8.GetBytes(input), Token);

    /// <summary>As <see cref="RunAsync"/> for a command whose container goes on: it must not hold this test's pipes.</summary>
    public async Task<CommandResult> DetachAsync(params string[] arguments)
    {
        string said = _folder.Combine("said");
        CommandResult result = await Command.RunAsync("sh", ["-c", "said=$1; shift; exec \"$@\" </dev/null >\"$said\" 2>&1", "sh", said, Program, "--root", State, .. arguments], null, null, Token);
        return result with { Error = await File.ReadAllTextAsync(said, Token) };
    }

    public async Task<JsonElement> StateAsync(string id) => JsonDocument.Parse((await RunAsync("state", id)).Expect().Output).RootElement;

    public async Task<string> StatusAsync(string id) => (await StateAsync(id)).GetProperty("status").GetString()!;

    /// <summary>Waits, within the test's own time limit, until a container is in a state.</summary>
    public async Task UntilAsync(string id, string status)
    {
        while (await StatusAsync(id) != status) await Task.Delay(50, Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(State))
        {
            foreach (string container in Directory.GetDirectories(State)) await Command.RunAsync(Program, ["--root", State, "delete", "--force", Path.GetFileName(container)]);
        }
        Berth.Containers.Cgroups.CgroupHierarchy.Detect().RemoveIfEmpty($"/{Path.GetFileName(_folder.Path)}");
        _folder.Dispose();
    }
}
