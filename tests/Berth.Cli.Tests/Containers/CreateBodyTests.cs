using System.Text.Json;
using Berth.Cli.CommandLine;
using Berth.Cli.Commands;

namespace Berth.Cli.Containers;

/// <summary>Compares the body with what docker CLI 28.2 sends for the same flags. What is unset there (0, null, empty) may be missing here.</summary>
public sealed class CreateBodyTests
{
    private static JsonElement Body(params string[] words)
    {
        ContainerFlags flags = new();
        var arguments = FlagParser.Parse(flags.All, words, stopAtFirstArgument: true);
        return JsonDocument.Parse(new CreateBody(flags) { Image = arguments[0], Command = [.. arguments.Skip(1)] }.ToJson()).RootElement;
    }

    [Fact]
    public void ToJson_ManyFlags_SaysWhatDockerSays()
    {
        var body = Body(
            "-it", "--restart", "on-failure:3", "-e", "A=1", "-v", "/a:/b:ro", "-v", "vol:/v", "-v", "/anon",
            "--mount", "type=bind,src=/s,dst=/t,readonly,bind-propagation=rslave",
            "--mount", "type=volume,src=vv,dst=/vv,volume-label=a=b,volume-nocopy,volume-driver=local,volume-opt=o=1",
            "--mount", "type=tmpfs,dst=/tt,tmpfs-size=64m,tmpfs-mode=1770",
            "--tmpfs", "/run:size=1m", "-w", "/w", "-u", "1:2", "-h", "hh", "--domainname", "dd", "--entrypoint", "/bin/e", "-l", "a=b",
            "-m", "64m", "--memory-swap", "-1", "--memory-reservation", "32m", "--memory-swappiness", "10", "--cpus", "0.5", "--cpu-shares", "100",
            "--cpuset-cpus", "0-1", "--cpuset-mems", "0", "--pids-limit", "10", "--blkio-weight", "300", "--blkio-weight-device", "/dev/sda:100",
            "--device-read-bps", "/dev/sda:1mb", "--device-write-iops", "/dev/sda:10", "--device", "/dev/null:/dev/n:r",
            "--device-cgroup-rule", "c 1:3 rwm", "--cap-add", "SYS_ADMIN", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only",
            "--network", "none", "--init", "--ulimit", "nofile=10:20", "--sysctl", "net.a=1", "--shm-size", "32m", "--pid", "host",
            "--ipc", "private", "--uts", "host", "--userns", "host", "--cgroupns", "private", "--cgroup-parent", "/x", "--group-add", "5",
            "--stop-signal", "SIGINT", "--stop-timeout", "3", "--health-cmd", "echo x", "--health-interval", "1s", "--health-timeout", "2s",
            "--health-retries", "3", "--health-start-period", "4s", "--health-start-interval", "5s", "--log-driver", "json-file",
            "--log-opt", "max-size=1m", "--annotation", "k=v", "--oom-score-adj", "5", "--oom-kill-disable", "--add-host", "a:1.2.3.4",
            "--dns", "8.8.8.8", "--dns-search", "s", "--dns-option", "o", "-p", "8080:80", "-P", "--expose", "9", "--runtime", "r", "busybox", "c", "d");
        using var expected = JsonDocument.Parse("""
            {"Hostname":"hh","Domainname":"dd","User":"1:2","AttachStdin":true,"AttachStdout":true,"AttachStderr":true,
            "ExposedPorts":{"80/tcp":{},"9/tcp":{}},"Tty":true,"OpenStdin":true,"StdinOnce":true,"Env":["A=1"],"Cmd":["c","d"],
            "Healthcheck":{"Test":["CMD-SHELL","echo x"],"Interval":1000000000,"Timeout":2000000000,"StartPeriod":4000000000,"StartInterval":5000000000,"Retries":3},
            "Image":"busybox","Volumes":{"/anon":{}},"WorkingDir":"/w","Entrypoint":["/bin/e"],"Labels":{"a":"b"},"StopSignal":"SIGINT","StopTimeout":3,
            "HostConfig":{"Binds":["/a:/b:ro","vol:/v"],"LogConfig":{"Type":"json-file","Config":{"max-size":"1m"}},"NetworkMode":"none",
            "PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]},"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},
            "Annotations":{"k":"v"},"CapAdd":["CAP_SYS_ADMIN"],"CapDrop":["ALL"],"CgroupnsMode":"private","Dns":["8.8.8.8"],"DnsOptions":["o"],"DnsSearch":["s"],
            "ExtraHosts":["a:1.2.3.4"],"GroupAdd":["5"],"IpcMode":"private","OomScoreAdj":5,"PidMode":"host","PublishAllPorts":true,"ReadonlyRootfs":true,
            "SecurityOpt":["no-new-privileges"],"Tmpfs":{"/run":"size=1m"},"UTSMode":"host","UsernsMode":"host","ShmSize":33554432,"Sysctls":{"net.a":"1"},
            "Runtime":"r","CpuShares":100,"Memory":67108864,"NanoCpus":500000000,"CgroupParent":"/x","BlkioWeight":300,
            "BlkioWeightDevice":[{"Path":"/dev/sda","Weight":100}],"BlkioDeviceReadBps":[{"Path":"/dev/sda","Rate":1048576}],
            "BlkioDeviceWriteIOps":[{"Path":"/dev/sda","Rate":10}],"CpusetCpus":"0-1","CpusetMems":"0",
            "Devices":[{"PathOnHost":"/dev/null","PathInContainer":"/dev/n","CgroupPermissions":"r"}],"DeviceCgroupRules":["c 1:3 rwm"],
            "MemoryReservation":33554432,"MemorySwap":-1,"MemorySwappiness":10,"OomKillDisable":true,"PidsLimit":10,
            "Ulimits":[{"Name":"nofile","Hard":20,"Soft":10}],
            "Mounts":[{"Type":"bind","Source":"/s","Target":"/t","ReadOnly":true,"BindOptions":{"Propagation":"rslave"}},
            {"Type":"volume","Source":"vv","Target":"/vv","VolumeOptions":{"NoCopy":true,"Labels":{"a":"b"},"DriverConfig":{"Name":"local","Options":{"o":"1"}}}},
            {"Type":"tmpfs","Target":"/tt","TmpfsOptions":{"SizeBytes":67108864,"Mode":1016}}],"Init":true}}
            """);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, body), $"sent: {body}");
    }

    [Fact]
    public void ToJson_NoFlags_SendsOnlyWhatIsNeeded()
    {
        using var expected = JsonDocument.Parse("""
            {"Image":"busybox","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,"OpenStdin":false,"StdinOnce":false,
            "HostConfig":{"NetworkMode":"default"}}
            """);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, Body("busybox")), Body("busybox").ToString());
    }

    [Fact]
    public void ToJson_VmFlag_IsRuntimeVm() => Assert.Equal("vm", Body("--vm", "debian").GetProperty("HostConfig").GetProperty("Runtime").GetString());

    [Fact]
    public void ToJson_Kernel_IsAnAnnotationBesideTheUsersOwn() =>
        Assert.Equal("""{"a":"b","berth.kernel":"mine"}""", Body("--runtime", "vm", "--kernel", "mine", "--annotation", "a=b", "debian").GetProperty("HostConfig").GetProperty("Annotations").GetRawText());

    [Fact]
    public void ToJson_CpuEngine_IsAnAnnotation() =>
        Assert.Equal("""{"berth.kernel":"mine","berth.cpu-engine":"kvm"}""", Body("--vm", "--cpu-engine", "kvm", "--kernel", "mine", "debian").GetProperty("HostConfig").GetProperty("Annotations").GetRawText());

    [Theory]
    [InlineData("--cpu-engine kvm", "--vm")]
    [InlineData("--kernel mine", "--vm")]
    [InlineData("--vm --cpus 0", "--cpus")]
    [InlineData("--vm --runtime container", "--runtime container")]
    public void ToJson_MachineFlagsThatMakeNoSense_AreRefused(string flags, string named) =>
        Assert.Contains(named, Assert.Throws<UsageException>(() => Body([.. flags.Split(' '), "debian"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("--restart", "sometimes")]
    [InlineData("--restart", "always:3")]
    [InlineData("--cpus", "many")]
    [InlineData("--gpus", "x")]
    [InlineData("--attach", "stdwhat")]
    [InlineData("--add-host", "name")]
    [InlineData("--tmpfs", "relative")]
    [InlineData("--security-opt", "seccomp=/does/not/exist")]
    [InlineData("--sysctl", "novalue")]
    public void ToJson_WrongValue_IsRefused(string flag, string value) => Assert.Throws<UsageException>(() => Body(flag, value, "busybox"));

    [Theory]
    [InlineData("exec: \"x\": executable file not found in $PATH", 127)]
    [InlineData("stat /x: no such file or directory", 127)]
    [InlineData("exec /x: permission denied", 126)]
    [InlineData("no space left", 125)]
    public void StartFailure_Message_GivesTheExitCode(string message, int code) => Assert.Equal(code, StartFailure.ExitCode(message));

    [Theory]
    [InlineData("busybox", true)]
    [InlineData("docker.io/library/debian:trixie", true)]
    [InlineData("debian:latest", true)]
    [InlineData("busybox:1.36", false)]
    [InlineData("nginx", false)]
    [InlineData("debian:a/b", false)]
    public void Bootstrap_Knows_BusyboxAndDebian(string image, bool known) => Assert.Equal(known, ImageBootstrap.Knows(image));

    [Fact]
    public void RunVerb_Flags_HaveNoDuplicates() => Assert.Equal(new RunVerb().Flags.Length, new RunVerb().Flags.Select(flag => flag.Name).Distinct().Count());
}
