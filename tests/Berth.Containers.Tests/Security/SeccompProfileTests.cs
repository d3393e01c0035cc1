using System.Text;
using Berth.Containers.Host;
using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Containers.Tests.Security;

public class SeccompProfileTests
{
    private static readonly KernelVersion s_kernel = new(6, 1);

    [Fact]
    public void Resolve_ConditionsOfEveryKind_AreSettled()
    {
        SeccompProfile profile = Parse("""
            { "defaultAction": "SCMP_ACT_ERRNO", "archMap": [ { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] } ],
              "syscalls": [
                { "names": ["a"], "action": "SCMP_ACT_ALLOW" },
                { "names": ["b"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_KILL", "CAP_MKNOD"] } },
                { "names": ["c"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_KILL", "CAP_BPF"] } },
                { "names": ["d"], "action": "SCMP_ACT_ALLOW", "excludes": { "caps": ["CAP_BPF", "CAP_KILL"] } },
                { "names": ["e"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["amd64"] } },
                { "names": ["f"], "action": "SCMP_ACT_ALLOW", "includes": { "arches": ["s390x"] } },
                { "names": ["g"], "action": "SCMP_ACT_ALLOW", "excludes": { "arches": ["amd64"] } },
                { "names": ["h"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8" } },
                { "names": ["i"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "6.2" } },
                { "names": ["j"], "action": "SCMP_ACT_ALLOW", "excludes": { "minKernel": "6.2" } },
                { "name": "k", "action": "SCMP_ACT_ALLOW", "args": null, "comment": "old form" } ] }
            """);
        SeccompSpec spec = profile.Resolve(CapabilitySet.Of(Capability.KILL, Capability.MKNOD), s_kernel);
        Assert.Equal(["a", "b", "e", "h", "j", "k"], spec.Syscalls.SelectMany(static r => r.Names));
        Assert.Equal([SeccompArchitecture.X64, SeccompArchitecture.X86], spec.Architectures);
    }

    [Theory]
    [InlineData("""{ "syscalls": [] }""", "defaultAction")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_NOTIFY" }""", "listenerPath")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_WHATEVER" }""", "defaultAction")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ null ] }""", "syscalls[0]")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["a"] } ] }""", "syscalls[0].action")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": [], "action": "SCMP_ACT_LOG" } ] }""", "syscalls[0].names")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["a"], "name": "b", "action": "SCMP_ACT_LOG" } ] }""", "both name and names")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["a"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5000 } ] }""", "errnoRet")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["a"], "action": "SCMP_ACT_LOG", "args": [ { "index": 6 } ] } ] }""", "syscalls[0].args")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["a"], "action": "SCMP_ACT_LOG", "includes": { "caps": ["CAP_X"] } } ] }""", "CAP_X")]
    [InlineData("""{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86"], "archMap": [ { "architecture": "SCMP_ARCH_X86" } ] }""", "archMap")]
    [InlineData("null", "null")]
    [InlineData("[1]", "seccomp profile")]
    [InlineData("{", "seccomp profile")]
    public void Parse_UnsoundProfile_NamesTheField(string json, string field) =>
        Assert.Contains(field, Assert.Throws<SeccompException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Parse_DamagedProfiles_NeverCrash(int seed)
    {
        var random = new Random(seed);
        byte[] sound = DefaultSeccompProfile.Json();
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = sound[..random.Next(1, sound.Length + 1)];
            for (int i = random.Next(8); i > 0; i--)
            {
                int at = random.Next(damaged.Length);
                damaged[at] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0189-nul\\"[random.Next(16)];
            }
            try
            {
                SeccompCompiler.Compile(SeccompProfile.Parse(damaged).Resolve(CapabilitySet.Default, s_kernel));
            }
            catch (SeccompException)
            {
                // The one way to say no.
            }
        }
    }

    [Fact]
    public void Parse_DeepNesting_IsRefused() => Assert.Throws<SeccompException>(static () => Parse(new string('[', 100_000)));

    private static SeccompProfile Parse(string json) => SeccompProfile.Parse(Encoding.UTF8.GetBytes(json));
}
