using System.Diagnostics;
using Berth.Containers.Cgroups;
using Berth.Containers.Cgroups.V2;
using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Containers.Tests.Cgroups;

public class DeviceProgramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Compile_RandomRules_AgreesWithTheRules(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            DeviceRule[] rules = [.. Enumerable.Range(0, random.Next(8)).Select(_ => RandomRule(random))];
            ulong[] program = DeviceProgram.Compile(rules);
            foreach (int type in (int[])[DeviceProgram.Block, DeviceProgram.Char])
            {
                for (int access = 1; access < 8; access++)
                {
                    for (int number = 0; number < 9; number++)
                        Assert.Equal(Allows(rules, type, access, number / 3, number % 3), Run(program, type, access, number / 3, number % 3));
                }
            }
        }
    }

    [Fact]
    public async Task Attach_DefaultRules_KernelEnforcesThem()
    {
        CgroupHierarchy detected = CgroupHierarchy.Detect();
        if (detected.UnifiedMount is null)
            Assert.Skip("no cgroup2 mount");
        // As on a host with cgroup v2 alone.
        CgroupHierarchy unified = CgroupHierarchy.FromMounts(
            [new CgroupMountTable.Entry(detected.UnifiedMount, "/", [], IsV2: true, Writable: true)], "0::/\n", detected.UnifiedMount);
        using TestCgroups cgroups = TestCgroups.Require(unified);
        ICgroup cgroup = cgroups.Create();
        cgroup.Apply(new LinuxResources { Devices = DefaultDevices.Rules });
        Assert.Equal("zero ", await OutputAsync(cgroups, cgroup));
        cgroup.Apply(new LinuxResources { Devices = DefaultDevices.PrivilegedRules });
        Assert.Equal("zero kmsg ", await OutputAsync(cgroups, cgroup));
    }

    private static async Task<string> OutputAsync(TestCgroups cgroups, ICgroup cgroup)
    {
        using Process process = cgroups.Run(cgroup, "(: < /dev/zero) 2>/dev/null && printf 'zero '; (: < /dev/kmsg) 2>/dev/null && printf 'kmsg '; :");
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static DeviceRule RandomRule(Random random) => new()
    {
        Allow = random.Next(2) == 0,
        Type = (string?[])["b", "c", "c", "a", null] is var types ? types[random.Next(types.Length)] : null,
        Major = random.Next(3) == 0 ? null : random.Next(-1, 3),
        Minor = random.Next(3) == 0 ? null : random.Next(-1, 3),
        Access = (string?[])["r", "w", "m", "rw", "rwm", "", null] is var accesses ? accesses[random.Next(accesses.Length)] : null,
    };

    // Each wished letter is decided by the last rule that speaks of it.
    private static bool Allows(DeviceRule[] rules, int type, int access, long major, long minor)
    {
        foreach (int letter in (int[])[DeviceProgram.Mknod, DeviceProgram.Read, DeviceProgram.Write])
        {
            if ((access & letter) == 0)
                continue;
            DeviceRule? last = rules.LastOrDefault(r => (DeviceProgram.AccessOf(r) & letter) != 0 && (r.Type is null or "a"
                || ((r.Type == "b") == (type == DeviceProgram.Block) && (r.Major is null or -1 || r.Major == major) && (r.Minor is null or -1 || r.Minor == minor))));
            if (last is not { Allow: true })
                return false;
        }
        return true;
    }

    private static bool Run(ulong[] program, int type, int access, long major, long minor)
    {
        ulong[] registers = new ulong[11];
        for (int pc = 0; ; pc++)
        {
            ulong i = program[pc];
            int destination = (int)(i >> 8 & 15), source = (int)(i >> 12 & 15), offset = (short)(i >> 16);
            ulong immediate = (ulong)(int)(i >> 32);
            switch ((byte)i)
            {
                case 0x61: registers[destination] = offset switch { 0 => (ulong)(type | access << 16), 4 => (ulong)major, _ => (ulong)minor }; break;
                case 0xB7: registers[destination] = immediate; break;
                case 0xBF: registers[destination] = registers[source]; break;
                case 0x57: registers[destination] &= immediate; break;
                case 0x77: registers[destination] >>= (int)immediate; break;
                case 0x15: pc += registers[destination] == immediate ? offset : 0; break;
                case 0x55: pc += registers[destination] != immediate ? offset : 0; break;
                case 0x95: return registers[0] != 0;
                default: throw new InvalidOperationException($"opcode 0x{(byte)i:x}");
            }
        }
    }
}
