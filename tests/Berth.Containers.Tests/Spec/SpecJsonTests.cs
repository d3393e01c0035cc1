using System.Text;
using Berth.Containers.Spec;

namespace Berth.Containers.Tests.Spec;

public class SpecJsonTests
{
    private const string Sound = """
        { "ociVersion": "1.2.0", "unknownField": { "a": [1] },
          "process": { "terminal": true, "user": { "uid": 1, "gid": 2, "additionalGids": [5] }, "args": ["sh"], "cwd": "/", "env": null,
            "capabilities": { "bounding": ["CAP_CHOWN"] }, "rlimits": [ { "type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615 } ] },
          "root": { "path": "rootfs", "readonly": true }, "hostname": "h",
          "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" } ],
          "linux": { "namespaces": [ { "type": "pid" }, { "type": "uts" } ], "maskedPaths": ["/proc/kcore"],
            "resources": { "memory": { "limit": 1048576, "disableOOMKiller": true }, "blockIO": { "weight": 100, "throttleReadIOPSDevice": [ { "major": 8, "minor": 0, "rate": 5 } ] },
              "devices": [ { "allow": false, "access": "rwm" } ], "pids": { "limit": 32 } },
            "seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [ { "names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5 } ] } } }
        """;

    [Fact]
    public void Read_SoundDocument_EveryPartArrives()
    {
        RuntimeSpec spec = Read(Sound);
        Assert.Equal(ulong.MaxValue, spec.Process!.Rlimits[0].Hard);
        Assert.Empty(spec.Process.Env);
        Assert.Equal([5u], spec.Process.User.AdditionalGids);
        Assert.Equal(5UL, spec.Linux!.Resources!.BlockIo!.ThrottleReadIopsDevice[0].Rate);
        Assert.True(spec.Linux.Resources.Memory!.DisableOomKiller);
        Assert.Equal(SeccompArchitecture.X64, spec.Linux.Seccomp!.Architectures[0]);
    }

    [Fact]
    public void Write_ThenRead_IsTheSame()
    {
        byte[] written = SpecJson.Write(Read(Sound));
        Assert.Equal(written, SpecJson.Write(SpecJson.ReadRuntimeSpec(written)));
        Assert.Contains("\"throttleReadIOPSDevice\"", Encoding.UTF8.GetString(written), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"1.2.0\"", "\"2.0\"", "ociVersion")]
    [InlineData("[\"sh\"]", "[]", "process.args")]
    [InlineData("[\"sh\"]", "[null]", "process.args[0]")]
    [InlineData("\"cwd\": \"/\"", "\"cwd\": \"x\"", "process.cwd")]
    [InlineData("CAP_CHOWN", "CAP_FLY", "CAP_FLY")]
    [InlineData("RLIMIT_NOFILE", "RLIMIT_LUCK", "RLIMIT_LUCK")]
    [InlineData("\"soft\": 1024, \"hard\": 18446744073709551615", "\"soft\": 9, \"hard\": 1", "soft")]
    [InlineData("\"destination\": \"/proc\"", "\"destination\": \"proc\"", "mounts[0].destination")]
    [InlineData("\"uid\": 1", "\"uid\": 4294967296", "uid")]
    [InlineData("\"uid\": 1", "\"uid\": -1", "uid")]
    [InlineData("\"uid\": 1", "\"uid\": 4294967295", "uid")]
    [InlineData("{ \"type\": \"uts\" }", "{ \"type\": \"pid\" }", "linux.namespaces[1].type")]
    [InlineData("{ \"type\": \"uts\" }", "{ \"type\": \"dream\" }", "dream")]
    [InlineData(", { \"type\": \"uts\" }", "", "hostname")]
    [InlineData("\"access\": \"rwm\"", "\"access\": \"x\"", "access")]
    [InlineData("\"limit\": 1048576", "\"limit\": -7", "linux.resources.memory.limit")]
    [InlineData("\"limit\": 1048576", "\"limit\": 1000, \"swap\": 10", "memory.swap")]
    [InlineData("\"weight\": 100", "\"weight\": 5", "weight")]
    [InlineData("\"/proc/kcore\"", "\"kcore\"", "linux.maskedPaths[0]")]
    [InlineData("\"terminal\": true", "\"terminal\": 1", "terminal")]
    public void Read_UnsoundValue_NamesTheField(string sound, string unsound, string field)
    {
        Assert.Contains(sound, Sound, StringComparison.Ordinal);
        Assert.Contains(field, Assert.Throws<SpecException>(() => Read(Sound.Replace(sound, unsound, StringComparison.Ordinal))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooLargeOrTooDeep_IsRefused()
    {
        Assert.Throws<SpecException>(static () => SpecJson.ReadRuntimeSpec(new byte[SpecJson.MaxBytes + 1]));
        Assert.Throws<SpecException>(static () => Read("{\"x\":" + new string('[', 5000)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Read_DamagedDocuments_NeverCrash(int seed)
    {
        var random = new Random(seed);
        byte[] sound = Encoding.UTF8.GetBytes(Sound);
        for (int round = 0; round < 2000; round++)
        {
            byte[] damaged = sound[..random.Next(1, sound.Length + 1)];
            for (int i = random.Next(1, 6); i > 0; i--)
                damaged[random.Next(damaged.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0189-nul\\"[random.Next(16)];
            try
            {
                SpecJson.ReadRuntimeSpec(damaged);
            }
            catch (SpecException e)
            {
                Assert.NotEmpty(e.Problems);
            }
        }
    }

    private static RuntimeSpec Read(string json) => SpecJson.ReadRuntimeSpec(Encoding.UTF8.GetBytes(json));
}
