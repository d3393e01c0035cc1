using Berth.Testing;

namespace Berth.EndToEnd.Tests;

/// <summary>Registries through the daemon: the stock docker CLI and Berth's own, with <c>berth registry serve</c> at the other end.</summary>
public sealed class RegistryTests(DaemonFixture fixture) : DockerTest(fixture)
{
    [Fact]
    public async Task Docker_PushPullRemove_RoundTrip()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync();
        string image = $"{registry.Authority}/team/app:1", id = await Inspect("busybox", "{{.Id}}");
        (await Docker($"tag busybox {image}")).Expect();
        CommandResult pushed = (await Docker($"push {image}")).Expect();
        Assert.Contains("Pushed", pushed.Output, StringComparison.Ordinal);
        Assert.Contains("1: digest: sha256:", pushed.Output, StringComparison.Ordinal);
        (await Docker($"rmi {image}")).Expect();
        CommandResult pulled = (await Docker($"pull {image}")).Expect();
        Assert.Contains($"Status: Downloaded newer image for {image}", pulled.Output, StringComparison.Ordinal);
        Assert.Contains("Status: Image is up to date", (await Docker($"pull {image}")).Expect().Output, StringComparison.Ordinal);
        Assert.Equal(id, await Inspect(image, "{{.Id}}"));
        string digest = $"{registry.Authority}/team/app@{pulled.Lines.Single(line => line.StartsWith("Digest: ", StringComparison.Ordinal))["Digest: ".Length..]}";
        Assert.Contains(digest, await Inspect(image, "{{.RepoDigests}}"), StringComparison.Ordinal);
        Assert.Equal("ran", (await Docker($"run --rm {digest} echo ran")).Expect().Text);
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Docker_LoginPushLogout_ByPassword()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync("ann");
        string image = $"{registry.Authority}/app:1";
        (await Docker($"tag busybox {image}")).Expect();
        Assert.NotEqual(0, (await Docker($"push {image}")).ExitCode);
        Assert.NotEqual(0, (await Docker($"login -u ann -p wrong {registry.Authority}")).ExitCode);
        Assert.Contains("Login Succeeded", (await Docker($"login -u ann -p secret {registry.Authority}")).Expect().Output, StringComparison.Ordinal);
        (await Docker($"push {image}")).Expect();
        (await Docker($"rmi {image}")).Expect();
        (await Docker($"pull {image}")).Expect();
        (await Docker($"logout {registry.Authority}")).Expect();
        CommandResult refused = await Docker($"pull {registry.Authority}/app:1");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("login", refused.Error, StringComparison.Ordinal);
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Berth_LoginPushPullRun_ByPassword()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync("ann");
        string image = $"{registry.Authority}/app:1";
        (await Docker($"tag busybox {image}")).Expect();
        CommandResult refused = await Berth("push", image);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains($"berth login {registry.Authority}", refused.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, (await BerthWithInput("wrong\n", "login", "-u", "ann", "--password-stdin", registry.Authority)).ExitCode);
        Assert.Equal("Login Succeeded", (await BerthWithInput("secret\n", "login", "-u", "ann", "--password-stdin", registry.Authority)).Expect().Text);
        Assert.StartsWith("1: digest: sha256:", (await Berth("push", image)).Expect().Text, StringComparison.Ordinal);
        (await Docker($"rmi {image}")).Expect();

        // What is not there is fetched; "never" fetches nothing, "always" asks again.
        Assert.NotEqual(0, (await Berth("run", "--rm", "--pull", "never", image, "true")).ExitCode);
        Assert.Equal("ran", (await Berth("run", "--rm", image, "echo", "ran")).Expect().Text);
        Assert.Equal("again", (await Berth("run", "--rm", "--pull", "always", image, "echo", "again")).Expect().Text);
        (await Berth("logout", registry.Authority)).Expect();
        Assert.Equal(125, (await Berth("run", "--rm", "--pull", "always", image, "true")).ExitCode);
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task Berth_CredentialHelper_KeepsTheSecret()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync("ann");
        string tools = Directory.CreateDirectory(Path.Combine(Daemon.Scratch, "helper" + NewName())).FullName, store = Path.Combine(tools, "store");
        string helper = Path.Combine(tools, "docker-credential-test");
        await File.WriteAllTextAsync(helper, $"#!/bin/sh\ncase $1 in store) cat >{store};; get) cat {store} 2>/dev/null || {{ echo credentials not found; exit 1; }};; erase) rm -f {store};; esac\n", Cancellation);
        File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string config = Directory.CreateDirectory(Path.Combine(tools, "config")).FullName;
        await File.WriteAllTextAsync(Path.Combine(config, "config.json"), $$"""{"credHelpers":{"{{registry.Authority}}":"test"},"kept":1}""", Cancellation);
        Dictionary<string, string?> environment = Daemon.Environment;
        environment["DOCKER_CONFIG"] = config;
        environment["PATH"] = $"{tools}:{Environment.GetEnvironmentVariable("PATH")}";
        Task<CommandResult> Run(params string[] arguments) => Command.RunAsync(Repository.Program("berth"), arguments, environment, "secret\n"u8.ToArray(), Cancellation);

        (await Run("login", "-u", "ann", "--password-stdin", registry.Authority)).Expect();
        Assert.Contains("secret", await File.ReadAllTextAsync(store, Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("auths", await File.ReadAllTextAsync(Path.Combine(config, "config.json"), Cancellation), StringComparison.Ordinal);
        string image = $"{registry.Authority}/app:1";
        (await Docker($"tag busybox {image}")).Expect();
        (await Run("push", image)).Expect();
        (await Run("logout", registry.Authority)).Expect();
        Assert.False(File.Exists(store));
        (await Docker($"rmi {image}")).Expect();
    }

    [Fact]
    public async Task AllTags_ArePushedAndPulled()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync();
        string name = $"{registry.Authority}/app";
        (await Docker($"tag busybox {name}:1")).Expect();
        (await Docker($"tag busybox {name}:2")).Expect();
        (await Docker($"push -a {name}")).Expect();
        (await Docker($"rmi {name}:1 {name}:2")).Expect();
        (await Docker($"pull -a {name}")).Expect();
        Assert.Equal(["1", "2"], (await Docker("images", name, "--format", "{{.Tag}}")).Expect().Lines.Order());
        (await Docker($"rmi {name}:1 {name}:2")).Expect();
    }

    [Fact]
    public async Task Collect_BesideTheServer_ByCommand()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync();
        Assert.StartsWith("removed 0 blobs", (await Berth("registry", "gc", registry.Directory)).Expect().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_InTheMiddleOfAPull_TheNextGoesOn()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync();
        await using PrivateDaemon daemon = await PrivateDaemon.StartEmptyAsync(Cancellation);
        Task<CommandResult> On(params string[] arguments) => daemon.DockerAsync(arguments, cancellationToken: Cancellation);
        await using var proxy = new StallingProxy(registry.Authority, 3 << 20);
        string pushed = $"{registry.Authority}/app:1", image = $"{proxy.Authority}/app:1", id = (await On("import", await LargeRootAsync(daemon), pushed)).Expect().Text;
        (await On("push", pushed)).Expect();
        (await On("rmi", pushed)).Expect();

        Task<CommandResult> broken = On("pull", image);
        string partial = Path.Combine(daemon.DataRoot, "images", "partial");
        while (!Directory.EnumerateFiles(partial).Any(file => new FileInfo(file).Length > 1 << 20))
        {
            await Task.Delay(20, Cancellation);
        }
        await daemon.KillAsync();
        Assert.NotEqual(0, (await broken).ExitCode);
        proxy.Release();
        await daemon.RestartAsync(Cancellation);
        Assert.Empty((await On("images", "-aq")).Expect().Lines);
        Assert.Single(Directory.GetFiles(partial));
        (await On("pull", image)).Expect();
        Assert.Equal(id, (await On("inspect", "-f", "{{.Id}}", image)).Expect().Text);
        Assert.Empty(Directory.GetFiles(partial));
    }

    [Fact]
    public async Task Kill_InTheMiddleOfAPush_TheNextIsWhole()
    {
        await using ServedRegistry registry = await ServedRegistry.StartAsync();
        await using PrivateDaemon daemon = await PrivateDaemon.StartEmptyAsync(Cancellation);
        Task<CommandResult> On(params string[] arguments) => daemon.DockerAsync(arguments, cancellationToken: Cancellation);
        await using var proxy = new StallingProxy(registry.Authority, 3 << 20, requests: true);
        string image = $"{proxy.Authority}/app:1", stored = $"{registry.Authority}/app:1", id = (await On("import", await LargeRootAsync(daemon), image)).Expect().Text;
        Task<CommandResult> broken = On("push", image);
        await proxy.Stalled.WaitAsync(Cancellation);
        await daemon.KillAsync();
        Assert.NotEqual(0, (await broken).ExitCode);
        proxy.Release();
        await daemon.RestartAsync(Cancellation);
        Assert.NotEqual(0, (await On("pull", stored)).ExitCode);
        (await On("push", image)).Expect();
        (await On("rmi", image)).Expect();
        (await On("pull", stored)).Expect();
        Assert.Equal(id, (await On("inspect", "-f", "{{.Id}}", stored)).Expect().Text);
    }

    // What does not shrink when it is packed.
    private static async Task<string> LargeRootAsync(PrivateDaemon daemon)
    {
        byte[] random = new byte[8 << 20];
        new Random(7).NextBytes(random);
        await File.WriteAllBytesAsync(Path.Combine(daemon.Scratch, "file"), random, Cancellation);
        string tar = Path.Combine(daemon.Scratch, "root.tar");
        (await Command.RunAsync("tar", ["-C", daemon.Scratch, "-cf", tar, "file"], cancellationToken: Cancellation)).Expect();
        return tar;
    }

    private Task<CommandResult> Berth(params string[] arguments) => Daemon.BerthAsync(arguments, cancellationToken: Cancellation);

    private Task<CommandResult> BerthWithInput(string input, params string[] arguments) => Daemon.BerthAsync(arguments, System.Text.Encoding.UTF8.GetBytes(input), Cancellation);
}
