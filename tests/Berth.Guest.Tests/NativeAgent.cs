using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Berth.Testing;

namespace Berth.Guest.Tests;

/// <summary>The agent as an ordinary process of this host, with mounts of its own, and a channel to it.</summary>
internal sealed class NativeAgent : IAsyncDisposable
{
    private static readonly Lazy<Task<string>> Built = new(BuildAsync);
    private static readonly string Folder = Directory.CreateTempSubdirectory("berth-agent-").FullName;

    private readonly Process _process;

    private NativeAgent(Process process, Stream stream) => (_process, Raw) = (process, stream);

    static NativeAgent() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    /// <summary>The bare stream, for frames that a client would never send.</summary>
    public Stream Raw { get; }

    public GuestChannel Channel { get; private set; } = null!;

    public Process Process => _process;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts the agent, greets it and sets it up.</summary>
    public static async Task<NativeAgent> StartAsync(GuestSetup? setup = null)
    {
        NativeAgent agent = await StartRawAsync();
        agent.Channel = await GuestChannel.ConnectAsync(agent.Raw, null, Token);
        await agent.Channel.SetUpAsync(setup ?? new GuestSetup(), Token);
        return agent;
    }

    public static async Task<NativeAgent> StartRawAsync()
    {
        Requires.Root("the agent makes namespaces");
        string program = await Built.Value;
        string path = Path.Combine(Folder, Guid.NewGuid().ToString("n")[..12]);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        Process process = Command.Start(program, ["--connect", path]);
        Socket socket = await listener.AcceptAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);
        return new NativeAgent(process, new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Runs a shell command to its end and collects both outputs.</summary>
    public Task<(int ExitCode, string Stdout, string Stderr)> ShellAsync(string command, GuestProcessSpec? like = null) =>
        RunAsync((like ?? new GuestProcessSpec { Args = [] }) with { Args = ["/bin/sh", "-c", command] });

    public async Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(GuestProcessSpec spec)
    {
        GuestProcess process = await Channel.StartAsync(spec, Token);
        Task<byte[]> stdout = ReadAllAsync(process, GuestOutput.Stdout), stderr = ReadAllAsync(process, GuestOutput.Stderr);
        GuestExit exit = await process.Exited.WaitAsync(Token);
        return (exit.ExitCode, Encoding.UTF8.GetString(await stdout), Encoding.UTF8.GetString(await stderr));
    }

    public static async Task<byte[]> ReadAllAsync(GuestProcess process, GuestOutput stream)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[30000];
        for (int count; (count = await process.ReadAsync(stream, buffer, Token)) > 0;)
        {
            all.Write(buffer, 0, count);
        }
        return all.ToArray();
    }

    /// <summary>Reads until the output contains a text.</summary>
    public static async Task<string> ReadUntilAsync(GuestProcess process, string text)
    {
        var seen = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await process.ReadAsync(GuestOutput.Stdout, buffer, Token);
            Assert.True(count > 0, $"the output ended without \"{text}\": {seen}");
            seen.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        return seen.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Raw.DisposeAsync();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60), CancellationToken.None);
        _process.Dispose();
    }

    private static async Task<string> BuildAsync()
    {
        string program = Path.Combine(Folder, "agent");
        (await Command.RunAsync(Path.Combine(Repository.Root, "guest", "build"), [program])).Expect();
        return program;
    }
}
