using System.Text.Json;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Parsing;

public sealed class ParsingTests
{
    [Theory]
    [InlineData("512", 512)]
    [InlineData("64m", 67108864)]
    [InlineData("1.5GB", 1610612736)]
    [InlineData("2 GiB", 2147483648)]
    [InlineData("1k", 1024)]
    public void Size_Valid_IsBytes(string text, long bytes) => Assert.Equal(bytes, SizeText.Parse(text, "memory"));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1")]
    [InlineData("1x")]
    [InlineData("99999999999999999999g")]
    [InlineData("1.2.3m")]
    public void Size_Invalid_NamesTheFlag(string text) =>
        Assert.Contains("--memory", Assert.Throws<UsageException>(() => SizeText.Parse(text, "memory")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1m30s", 90_000_000_000)]
    [InlineData("300ms", 300_000_000)]
    [InlineData("1.5s", 1_500_000_000)]
    [InlineData("0", 0)]
    [InlineData("-2h", -7_200_000_000_000)]
    public void Duration_Valid_IsNanoseconds(string text, long expected) => Assert.Equal(expected, DurationText.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-")]
    [InlineData("1y")]
    [InlineData("9999999999999h")]
    public void Duration_Invalid_IsNull(string text) => Assert.Null(DurationText.TryParse(text));

    [Theory]
    [InlineData("80", "80/tcp||")]
    [InlineData("8080:80", "80/tcp||8080")]
    [InlineData("127.0.0.1:8080:80/udp", "80/udp|127.0.0.1|8080")]
    [InlineData("[::1]:53:53/udp", "53/udp|::1|53")]
    [InlineData("127.0.0.1::80", "80/tcp|127.0.0.1|")]
    [InlineData("8000-8001:80-81", "80/tcp||8000 81/tcp||8001")]
    [InlineData("8000-8010:80", "80/tcp||8000-8010")]
    public void Port_Valid_GivesBindings(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PortSpec.Parse(text).Select(port => $"{port.Container}|{port.HostAddress}|{port.HostPort}")));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("80/icmp")]
    [InlineData("1:2:3:4")]
    [InlineData("8000-8001:80-82")]
    [InlineData("90-80")]
    [InlineData("nowhere:1:2")]
    [InlineData("")]
    public void Port_Invalid_IsRefused(string text) => Assert.Throws<UsageException>(() => PortSpec.Parse(text));

    [Theory]
    [InlineData("nofile=10:20", 10, 20)]
    [InlineData("nproc=5", 5, 5)]
    [InlineData("core=-1", -1, -1)]
    [InlineData("stack=8:unlimited", 8, -1)]
    public void Ulimit_Valid_HasBothLimits(string text, long soft, long hard)
    {
        var limit = UlimitSpec.Parse(text);
        Assert.Equal((soft, hard), (limit.Soft, limit.Hard));
    }

    [Theory]
    [InlineData("nofiles=1")]
    [InlineData("nofile")]
    [InlineData("nofile=2:1")]
    [InlineData("nofile=-1:1")]
    [InlineData("nofile=1:2:3")]
    [InlineData("nofile=x")]
    public void Ulimit_Invalid_IsRefused(string text) => Assert.Throws<UsageException>(() => UlimitSpec.Parse(text));

    [Theory]
    [InlineData("/dev/null", "/dev/null", "/dev/null", "rwm")]
    [InlineData("/dev/null:r", "/dev/null", "/dev/null", "r")]
    [InlineData("/dev/null:/dev/n", "/dev/null", "/dev/n", "rwm")]
    [InlineData("/dev/null:/dev/n:rw", "/dev/null", "/dev/n", "rw")]
    public void Device_Valid_IsTakenApart(string text, string host, string container, string permissions) =>
        Assert.Equal(new DeviceSpec(host, container, permissions), DeviceSpec.Parse(text));

    [Theory]
    [InlineData("/a:/b", "/a:/b", null)]
    [InlineData("name:/b:ro", "name:/b:ro", null)]
    [InlineData("/data", null, "/data")]
    [InlineData("./x:/y", "/cwd/x:/y", null)]
    [InlineData("~/x:/y", "/home/u/x:/y", null)]
    public void Volume_Valid_IsBindOrAnonymous(string text, string? bind, string? anonymous) =>
        Assert.Equal(new VolumeSpec(bind, anonymous), VolumeSpec.Parse(text, "/cwd", "/home/u"));

    [Theory]
    [InlineData("")]
    [InlineData("a:b")]
    [InlineData("/a:")]
    [InlineData("/a:/b:ro:x")]
    public void Volume_Invalid_IsRefused(string text) => Assert.Throws<UsageException>(() => VolumeSpec.Parse(text, "/cwd", "/home/u"));

    [Theory]
    [InlineData("type=bind,src=/a")]
    [InlineData("type=bind,dst=/a")]
    [InlineData("type=tape,dst=/a")]
    [InlineData("type=bind,src=/a,dst=/b,tmpfs-size=1m")]
    [InlineData("type=tmpfs,src=/a,dst=/b")]
    [InlineData("dst=/b,frobnicate=1")]
    [InlineData("type=tmpfs,dst=/b,tmpfs-mode=9")]
    [InlineData("dst=b")]
    [InlineData("dst=/b,\"volume-opt=o=a")]
    [InlineData("dst=/b,\"volume-opt=o=a\"b")]
    [InlineData("type=volume,dst=/b,bind-recursive=readonly")]
    public void Mount_Invalid_IsRefused(string text) => Assert.Throws<UsageException>(() => MountSpec.Parse(text));

    [Fact]
    public void Mount_QuotedField_KeepsItsCommasAndQuotes()
    {
        using var body = JsonDocument.Parse(JsonWriting.Object(json =>
        {
            json.WriteStartArray("Mounts");
            MountSpec.Parse("type=volume,\"volume-opt=o=size=1m,uid=7\",src=data,\"volume-label=said=\"\"so\"\"\",dst=/d").Write(json);
            json.WriteEndArray();
        }));
        var mount = body.RootElement.GetProperty("Mounts")[0];
        Assert.Equal("/d", mount.GetProperty("Target").GetString());
        Assert.Equal("size=1m,uid=7", mount.GetProperty("VolumeOptions").GetProperty("DriverConfig").GetProperty("Options").GetProperty("o").GetString());
        Assert.Equal("\"so\"", mount.GetProperty("VolumeOptions").GetProperty("Labels").GetProperty("said").GetString());
    }

    [Fact]
    public void Environment_NameWithoutValue_TakesTheCallersOrNothing() =>
        Assert.Equal(["A=1", "HOME=/h"], KeyValue.Environment([], ["A=1", "HOME", "MISSING"], name => name == "HOME" ? "/h" : null));

    [Fact]
    public void Environment_File_SkipsCommentsAndBlankLines()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# c\n\nA=1 2\n  B=x\n");
            Assert.Equal(["A=1 2", "B=x"], KeyValue.Environment([file], [], _ => null));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void TimeArgument_Duration_IsThatLongAgo() =>
        Assert.Equal("3000.000000000", TimeArgument.ToUnix("10m", DateTimeOffset.FromUnixTimeSeconds(3600)));
}
