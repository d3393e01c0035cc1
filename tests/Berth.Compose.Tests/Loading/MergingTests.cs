using Berth.Compose.Model;

namespace Berth.Compose.Tests.Loading;

public sealed class MergingTests
{
    private static Service Merge(string first, string second, string rest = "")
    {
        using ComposeFolder folder = new();
        folder.Write("a.yaml", $"services:\n  s:\n    image: i\n{Indent(first)}\n{rest}");
        folder.Write("b.yaml", $"services:\n  s:\n{Indent(second)}\n");
        return folder.Load("a.yaml", "b.yaml").Services["s"];
    }

    private static string Indent(string text) => string.Join('\n', text.Split('\n').Select(line => "    " + line));

    [Fact]
    public void Merge_Environment_ByName() =>
        Assert.Equal(["A=1", "B=3", "C=4"], Merge("environment: [A=1, B=2]", "environment: {B: 3, C: 4}").Process.Environment.Select(pair => $"{pair.Key}={pair.Value}"));

    [Fact]
    public void Merge_Commands_AreReplaced()
    {
        var service = Merge("command: a b\nentrypoint: [x]\nhealthcheck: {test: [CMD, a], interval: 1s}", "command: [c]\nentrypoint: y z\nhealthcheck: {test: b}");
        Assert.Equal(["c"], service.Process.Command);
        Assert.Equal(["y", "z"], service.Process.Entrypoint);
        Assert.Equal(["CMD-SHELL", "b"], service.Healthcheck!.Test);
        Assert.Equal(1_000_000_000, service.Healthcheck.Interval);
    }

    [Fact]
    public void Merge_Ports_ByAddressTargetPublishedAndProtocol() => Assert.Equal(
        ["80/tcp 8080", "80/tcp 8081", "53/udp 53"],
        Merge("ports: ['8080:80']", "ports: ['8080:80', '8081:80', '53:53/udp']").Network.Ports.Select(port => $"{port.Target} {port.Published}"));

    [Fact]
    public void Merge_Volumes_ByTarget()
    {
        var mounts = Merge("volumes: ['v:/a', '/h:/b:ro']", "volumes: ['/other:/a', 'v:/c']", "volumes: {v: }").Storage.Mounts;
        Assert.Equal(["bind /other /a", "bind /h /b", "volume v /c"], mounts.Select(mount => $"{mount.Type} {mount.Source} {mount.Target}"));
    }

    [Fact]
    public void Merge_Lists_AppendWithoutRepeating() =>
        Assert.Equal(["A", "B", "C"], Merge("cap_add: [A, B]", "cap_add: [B, C]").Host.CapAdd);

    [Fact]
    public void Merge_Reset_RemovesAndLaterFilesMaySetAgain()
    {
        var service = Merge("ports: ['1:1']\nenvironment: {A: 1, B: 2}\nuser: u", "ports: !reset []\nenvironment: {A: !reset null}\nuser: !reset null");
        Assert.Empty(service.Network.Ports);
        Assert.Equal(["B"], service.Process.Environment.Keys);
        Assert.Null(service.Process.User);
    }

    [Fact]
    public void Merge_Override_ReplacesWholly() =>
        Assert.Equal(["443/tcp"], Merge("ports: ['8080:80']", "ports: !override ['8443:443']").Network.Ports.Select(port => port.Target));

    [Fact]
    public void Merge_LoggingOfAnotherDriver_LosesOptions() =>
        Assert.Empty(Merge("logging: {driver: json-file, options: {max-size: 1m}}", "logging: {driver: local}").Host.LogOptions);

    [Fact]
    public void Merge_DifferentKinds_IsRefusedWithBothPlaces()
    {
        var message = Assert.Throws<ComposeException>(() => Merge("cap_add: [A]", "cap_add: {a: 1}")).Message;
        Assert.Contains("b.yaml:3:", message);
        Assert.Contains("a.yaml:4:", message);
    }

    [Fact]
    public void Merge_DependsOnShortAndLong_AreOneForm()
    {
        var service = Merge("depends_on: [t, u]", "depends_on: {u: {condition: service_healthy}}", "  t: {image: i}\n  u: {image: i}");
        Assert.Equal([("t", DependencyCondition.Started), ("u", DependencyCondition.Healthy)], service.DependsOn.Select(one => (one.Service, one.Condition)));
    }

    [Fact]
    public void Load_OverrideFileBesideTheFirst_IsMerged()
    {
        using ComposeFolder folder = new("services: {s: {image: a, user: u}}");
        folder.Write("compose.override.yaml", "services: {s: {image: b}}");
        Assert.Equal(("b", "u"), (folder.Load().Services["s"].Image, folder.Load().Services["s"].Process.User));
    }

    [Fact]
    public void Load_SeveralDocuments_AreMerged() => Assert.Equal("b", ComposeFolder.Of("services: {s: {image: a}}\n---\nservices: {s: {image: b}}\n").Services["s"].Image);
}
