using System.Text.Json;
using Berth.Engine.Configuration;
using Berth.Engine.Planning;

namespace Berth.Engine.Tests.Planning;

public sealed class RequestValidatorTests
{
    private static EngineException Refused(HostConfig host, InstanceConfig? config = null) =>
        Assert.Throws<EngineException>(() => RequestValidator.Validate(Definitions.Request(host, config), Definitions.Host));

    [Fact]
    public void Validate_Plain_WarnsOfNothing()
    {
        Assert.Empty(RequestValidator.Validate(Definitions.Request(), Definitions.Host));
        Assert.Empty(RequestValidator.Validate(Definitions.Request(new HostConfig { NetworkMode = "bridge" }), Definitions.Host));
        Assert.Empty(RequestValidator.Validate(Definitions.Request(new HostConfig()), Definitions.Host));
    }

    [Fact]
    public void Validate_LinkThatIsNoName_IsInvalid() => Assert.Equal(EngineErrorKind.InvalidParameter, Refused(new HostConfig { Links = ["a:b:c"] }).Kind);

    [Theory]
    [InlineData("80", "")]
    [InlineData("80/tcp", "8000-8010")]
    [InlineData("53/udp", "0")]
    public void Validate_PublishedPorts_AreTakenWhereThereIsANetwork(string port, string hostPort)
    {
        HostConfig host = new() { PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?> { [port] = [new() { HostPort = hostPort }] } };
        Assert.Empty(RequestValidator.Validate(Definitions.Request(host), Definitions.Host));
        Assert.Equal([NetworkRules.DiscardedPorts], RequestValidator.Validate(Definitions.Request(host with { NetworkMode = "host" }), Definitions.Host));
        Assert.Contains("PortBindings", Refused(host with { NetworkMode = "container:x" }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0/tcp", "", "")]
    [InlineData("65536", "", "")]
    [InlineData("80/icmp", "", "")]
    [InlineData("80-81/tcp", "", "")]
    [InlineData("80/tcp", "70000", "")]
    [InlineData("80/tcp", "9-8", "")]
    [InlineData("80/tcp", "-1", "")]
    [InlineData("80/tcp", "80", "localhost")]
    [InlineData("80/tcp", "80", "fe80::1%eth0")]
    public void Validate_MalformedPorts_AreRefused(string port, string hostPort, string address)
    {
        HostConfig host = new() { PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?> { [port] = [new() { HostPort = hostPort, HostIp = address }] } };
        Assert.Equal(EngineErrorKind.InvalidParameter, Refused(host).Kind);
    }

    [Fact]
    public void Validate_Runtimes_ContainerAndVmAreTaken()
    {
        Assert.Equal(EngineErrorKind.InvalidParameter, Refused(new HostConfig { NetworkMode = "none", Runtime = "kata" }).Kind);
        foreach (string runtime in (string[])["container", "runc", "vm"])
            Assert.Empty(RequestValidator.Validate(Definitions.Request(new HostConfig { NetworkMode = "none", Runtime = runtime }), Definitions.Host));
    }

    [Fact]
    public void Validate_EveryUnsupportedField_IsNamed()
    {
        (HostConfig Host, string Field)[] cases =
        [
            (new() { Memory = 1024 }, "Memory"), (new() { MemorySwap = 1 }, "MemorySwap"), (new() { NanoCpus = 5_000_000_000 }, "NanoCpus"),
            (new() { NanoCpus = 1, CpuPeriod = 1000 }, "NanoCpus"), (new() { MemorySwappiness = 101 }, "MemorySwappiness"),
            (new() { CpusetCpus = "0-9" }, "CpusetCpus"), (new() { CpusetCpus = "b" }, "CpusetCpus"), (new() { OomScoreAdj = 2000 }, "OomScoreAdj"),
            (new() { PidMode = "x" }, "PidMode"), (new() { IpcMode = "x" }, "IpcMode"), (new() { UsernsMode = "keep-id" }, "UsernsMode"),
            (new() { CapAdd = ["NOPE"] }, "CapAdd"), (new() { SecurityOpt = ["nope"] }, "SecurityOpt"), (new() { Ulimits = [new() { Name = "nope" }] }, "Ulimits"),
            (new() { LogConfig = new() { Type = "syslog" } }, "LogConfig"), (new() { StorageOpt = new Dictionary<string, string> { ["size"] = "1g" } }, "StorageOpt"),
            (new() { Sysctls = new Dictionary<string, string> { ["kernel.core_pattern"] = "x" } }, "Sysctls"), (new() { Devices = [new() { PathOnHost = "dev" }] }, "Devices"),
            (new() { RestartPolicy = new() { Name = "perhaps" } }, "RestartPolicy"), (new() { AutoRemove = true, RestartPolicy = new() { Name = "always" } }, "AutoRemove"),
            (new() { ExtraHosts = ["x"] }, "ExtraHosts"), (new() { Dns = ["x"] }, "Dns"), (new() { CgroupParent = "/a/../b" }, "CgroupParent"),
        ];
        foreach ((HostConfig host, string field) in cases)
            Assert.Contains(field, Refused(host with { NetworkMode = "none" }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_LineBreaksForHostsAndResolver_AreRefused()
    {
        HostConfig[] hosts =
        [
            new() { ExtraHosts = ["evil\n6.6.6.6 bank:1.1.1.1"] }, new() { ExtraHosts = ["a b:1.1.1.1"] }, new() { ExtraHosts = ["x:fe80::1%\nfoo"] },
            new() { Dns = ["fe80::1%a\nnameserver"] }, new() { DnsSearch = ["a\nnameserver 6.6.6.6"] }, new() { DnsSearch = ["a b"] },
            new() { DnsOptions = ["a\nnameserver 6.6.6.6"] }, new() { DnsOptions = [""] },
        ];
        Assert.All(hosts, static host => Assert.Equal(EngineErrorKind.InvalidParameter, Refused(host with { NetworkMode = "none" }).Kind));
        Assert.Empty(RequestValidator.Validate(
            Definitions.Request(new HostConfig { NetworkMode = "none", ExtraHosts = ["db_1.lan:fe80::1%eth0"], DnsSearch = ["."], DnsOptions = ["ndots:2"] }), Definitions.Host));
    }

    [Fact]
    public void Validate_NumbersNoKernelTakes_AreRefused()
    {
        HostConfig[] hosts =
        [
            new() { Memory = long.MaxValue }, new() { Memory = (long.MaxValue / 2) + 1 }, new() { Memory = 1 << 30, MemorySwap = long.MaxValue }, new() { PidsLimit = long.MaxValue },
            new() { CpuQuota = long.MaxValue }, new() { LogConfig = new() { Type = "local", Config = new Dictionary<string, string> { ["max-size"] = "999999999999t" } } },
        ];
        Assert.All(hosts, static host => Assert.Equal(EngineErrorKind.InvalidParameter, Refused(host with { NetworkMode = "none" }).Kind));
    }

    [Fact]
    public void Validate_UnknownField_IsRefusedByNameUnlessItSaysNothing()
    {
        CreateBody body = JsonSerializer.Deserialize("""{"Image":"x","hostconfig":{"NetworkMode":"none","Warp":9,"Weft":0}}""", EngineJson.Default.CreateBody)!;
        EngineException error = Assert.Throws<EngineException>(() => RequestValidator.Validate(body.ToRequest(null, null), Definitions.Host));
        Assert.StartsWith("HostConfig.Warp:", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("SIGKILL", 9)]
    [InlineData("sigrtmin+3", 37)]
    [InlineData("RTMAX-1", 63)]
    [InlineData("10", 10)]
    public void Parse_Signal_KnowsNamesAndNumbers(string text, int number) => Assert.Equal(number, SignalNames.Parse(text, "signal"));

    [Theory]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("FOO")]
    [InlineData("RTMIN+99")]
    [InlineData("SIG")]
    public void Parse_WrongSignal_IsRefused(string text) => Assert.Throws<EngineException>(() => SignalNames.Parse(text, "signal"));
}
