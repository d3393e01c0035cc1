using System.Text.Json.Nodes;
using Berth.Compose.Planning;
using Berth.Compose.Running;

namespace Berth.Compose.Tests.Running;

public sealed class ContainerBodyTests
{
    private static JsonObject Body(string attributes, string rest = "", params AnonymousVolume[] inherited)
    {
        var project = ComposeFolder.Of($"services:\n  s: {{image: i, {attributes}}}\n  other: {{image: i}}\n{rest}");
        return new ContainerBody(project, project.Services["s"]) { Number = 2, ImageId = "sha256:1", Inherited = inherited, IdOf = name => $"id-of-{name}" }.Build();
    }

    [Fact]
    public void Build_Labels_AreThoseOfDockerCompose()
    {
        var labels = Body("labels: [own=1], depends_on: {other: {condition: service_healthy, restart: true}}")["Labels"]!;
        Assert.Equal(
            ["p", "s", "2", "False", "other:service_healthy:true", "sha256:1", "1"],
            new[] { ComposeLabels.Project, ComposeLabels.Service, ComposeLabels.Number, ComposeLabels.OneOff, ComposeLabels.DependsOn, ComposeLabels.Image, "own" }.Select(name => labels[name]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("runtime: vm", "Runtime", "\"vm\"")]
    [InlineData("privileged: true", "Privileged", "true")]
    [InlineData("read_only: true", "ReadonlyRootfs", "true")]
    [InlineData("init: true", "Init", "true")]
    [InlineData("shm_size: 1m", "ShmSize", "1048576")]
    [InlineData("restart: 'on-failure:3'", "RestartPolicy", "{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}")]
    [InlineData("deploy: {restart_policy: {condition: any}}", "RestartPolicy", "{\"Name\":\"always\",\"MaximumRetryCount\":0}")]
    [InlineData("network_mode: 'service:other'", "NetworkMode", "\"container:id-of-other\"")]
    [InlineData("network_mode: none", "NetworkMode", "\"none\"")]
    [InlineData("pid: host", "PidMode", "\"host\"")]
    [InlineData("ipc: 'service:other'", "IpcMode", "\"container:id-of-other\"")]
    [InlineData("volumes_from: ['other:ro', 'container:c']", "VolumesFrom", "[\"id-of-other:ro\",\"c\"]")]
    [InlineData("cap_add: [NET_ADMIN]", "CapAdd", "[\"NET_ADMIN\"]")]
    [InlineData("devices: ['/dev/null:/dev/x:r']", "Devices", "[{\"PathOnHost\":\"/dev/null\",\"PathInContainer\":\"/dev/x\",\"CgroupPermissions\":\"r\"}]")]
    [InlineData("ulimits: {nofile: {soft: 1, hard: 2}}", "Ulimits", "[{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":2}]")]
    [InlineData("logging: {driver: local, options: {a: b}}", "LogConfig", "{\"Type\":\"local\",\"Config\":{\"a\":\"b\"}}")]
    [InlineData("extra_hosts: {h: 1.2.3.4}", "ExtraHosts", "[\"h:1.2.3.4\"]")]
    [InlineData("tmpfs: ['/a', '/b:size=1m']", "Tmpfs", "{\"/a\":\"\",\"/b\":\"size=1m\"}")]
    [InlineData("ports: ['127.0.0.1:80:81']", "PortBindings", "{\"81/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"80\"}]}")]
    [InlineData("mem_limit: 1k", "Memory", "1024")]
    [InlineData("security_opt: ['no-new-privileges:true']", "SecurityOpt", "[\"no-new-privileges:true\"]")]
    public void Build_HostConfig_HasIt(string attributes, string field, string json) => Assert.Equal(json, Body(attributes)["HostConfig"]![field]!.ToJsonString());

    [Theory]
    [InlineData("entrypoint: []", "Entrypoint", "[\"\"]")]
    [InlineData("command: []", "Cmd", "[]")]
    [InlineData("environment: [A=1, B]", "Env", "[\"A=1\",\"B\"]")]
    [InlineData("stop_grace_period: 1500ms", "StopTimeout", "2")]
    [InlineData("healthcheck: {disable: true}", "Healthcheck", "{\"Test\":[\"NONE\"]}")]
    [InlineData("expose: [80, 81/udp]", "ExposedPorts", "{\"80/tcp\":{},\"81/udp\":{}}")]
    [InlineData("hostname: h", "Hostname", "\"h\"")]
    public void Build_Config_HasIt(string attributes, string field, string json) => Assert.Equal(json, Body(attributes)[field]!.ToJsonString());

    [Fact]
    public void Build_Mounts_InTheFormThatCanSayIt()
    {
        var body = Body(
            "volumes: ['v:/v:ro', '/h:/h', {type: bind, source: /x, target: /y, bind: {create_host_path: false}}, {type: volume, source: v, target: /sub, volume: {subpath: a}}, {type: tmpfs, target: /t, tmpfs: {size: 1k, mode: 0700}}, /anon], secrets: [f]",
            "volumes: {v: {name: real}}\nsecrets: {f: {file: /secret}}");
        Assert.Equal("[\"real:/v:ro\",\"/h:/h:rw\"]", body["HostConfig"]!["Binds"]!.ToJsonString());
        Assert.Equal(
            ["bind /x /y", "volume real /sub", "tmpfs  /t", "bind /secret /run/secrets/f"],
            body["HostConfig"]!["Mounts"]!.AsArray().Select(mount => $"{mount!["Type"]} {mount["Source"]} {mount["Target"]}"));
        Assert.Equal("{\"SizeBytes\":1024,\"Mode\":448}", body["HostConfig"]!["Mounts"]![2]!["TmpfsOptions"]!.ToJsonString());
        Assert.Equal("{\"/anon\":{}}", body["Volumes"]!.ToJsonString());
    }

    [Fact]
    public void Build_InheritedVolumes_TakeThePlaceOfAnonymousOnes()
    {
        var body = Body("volumes: [/anon, 'v:/named']", "volumes: {v: }", new AnonymousVolume("old", "/anon"), new AnonymousVolume("gone", "/named"), new AnonymousVolume("image", "/of-image"));
        Assert.Equal("[\"p_v:/named:rw\",\"old:/anon\",\"image:/of-image\"]", body["HostConfig"]!["Binds"]!.ToJsonString());
        Assert.Null(body["Volumes"]);
    }

    [Fact]
    public void Build_Networks_ByPriorityWithAliasesAndAddresses()
    {
        var body = Body("networks: {a: , b: {priority: 10, aliases: [x], ipv4_address: 10.0.0.2}}", "networks: {a: , b: {name: real}}");
        Assert.Equal("real", body["HostConfig"]!["NetworkMode"]!.GetValue<string>());
        Assert.Equal(
            "{\"real\":{\"Aliases\":[\"s\",\"x\"],\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.2\"}},\"p_a\":{\"Aliases\":[\"s\"]}}",
            body["NetworkingConfig"]!["EndpointsConfig"]!.ToJsonString());
    }
}
