using Berth.Containers.Security;
using Berth.Containers.Spec;

namespace Berth.Containers.Tests.Security;

public class SeccompCompilerTests
{
    private static readonly uint[] Audits = [SeccompCompiler.AuditX64, SeccompCompiler.AuditX86, 0xC00000B7];

    // Halves around which 64-bit comparisons go wrong.
    private static readonly ulong[] Interesting =
        [0, 1, 2, 40, 0x5412, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x1_0000_0000, 0x1_0000_0001, 0x1_0000_5412, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Compile_RandomFilters_AgreeWithTheRules(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 20; round++)
        {
            SeccompSpec spec = RandomSpec(random);
            SeccompProgram program = SeccompCompiler.Compile(spec);
            AgreesOnManyCalls(spec, program, random, 300);
        }
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 12)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compile_DefaultProfile_AgreesOnEveryNumber(bool privileged)
    {
        SeccompSpec spec = DefaultSeccompProfile.For(privileged ? CapabilitySet.All : CapabilitySet.Default);
        SeccompProgram program = SeccompCompiler.Compile(spec);
        Assert.InRange(program.Instructions.Count, 100, 2000);
        var random = new Random(7);
        foreach (uint audit in Audits)
        {
            for (uint number = 0; number < 600; number++)
            {
                foreach (uint marker in (uint[])[0, SeccompCompiler.X32Bit])
                    Agrees(spec, program, audit, number | marker, RandomArguments(random));
            }
            Agrees(spec, program, audit, uint.MaxValue, RandomArguments(random));
        }
    }

    [Fact]
    public void Compile_ArgumentComparisons_AgreeAroundBothHalves()
    {
        foreach (SeccompOperator op in Enum.GetValues<SeccompOperator>())
        {
            foreach (ulong value in Interesting)
            {
                var rule = new SeccompRule
                {
                    Names = ["read"],
                    Action = SeccompAction.Allow,
                    Args = [new SeccompArgument { Index = 3, Op = op, Value = value, ValueTwo = value & 0xFF00FF00FF00FF01 }],
                };
                var spec = new SeccompSpec { DefaultAction = SeccompAction.Errno, Syscalls = [rule] };
                SeccompProgram program = SeccompCompiler.Compile(spec);
                foreach (ulong argument in Interesting)
                    Agrees(spec, program, SeccompCompiler.AuditX64, 0, [9, 9, 9, argument, 9, 9]);
            }
        }
    }

    [Fact]
    public void Compile_ConditionalAndUnconditionalRule_ConditionGoesFirst()
    {
        var spec = new SeccompSpec
        {
            DefaultAction = SeccompAction.Errno,
            Syscalls =
            [
                new SeccompRule { Names = ["ioctl"], Action = SeccompAction.Allow },
                new SeccompRule { Names = ["ioctl"], Action = SeccompAction.Errno, ErrnoRet = 13, Args = [new SeccompArgument { Index = 1, Value = 5, Op = SeccompOperator.Equal }] },
            ],
        };
        SeccompProgram program = SeccompCompiler.Compile(spec);
        Assert.Equal(0x0005000Du, BpfInterpreter.Run(program.Instructions, SeccompCompiler.AuditX64, 16, [0, 5, 0, 0, 0, 0]));
        Assert.Equal(0x7FFF0000u, BpfInterpreter.Run(program.Instructions, SeccompCompiler.AuditX64, 16, [0, 6, 0, 0, 0, 0]));
    }

    [Fact]
    public void Compile_Notify_IsRefused()
    {
        var spec = new SeccompSpec { DefaultAction = SeccompAction.Allow, Syscalls = [new SeccompRule { Names = ["read"], Action = SeccompAction.Notify }] };
        Assert.Contains("SCMP_ACT_NOTIFY", Assert.Throws<SeccompException>(() => SeccompCompiler.Compile(spec)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_ForeignArchitecturesOnly_IsRefused() => Assert.Throws<SeccompException>(
        static () => SeccompCompiler.Compile(new SeccompSpec { DefaultAction = SeccompAction.Allow, Architectures = [SeccompArchitecture.S390x] }));

    [Fact]
    public void Compile_TooManyArgumentRules_IsRefused()
    {
        SeccompRule[] rules = [.. Enumerable.Range(0, 900).Select(static i => new SeccompRule
        {
            Names = ["read"], Action = SeccompAction.Allow, Args = [new SeccompArgument { Index = 0, Value = (ulong)i, Op = SeccompOperator.Equal }],
        })];
        Assert.Throws<SeccompException>(() => SeccompCompiler.Compile(new SeccompSpec { DefaultAction = SeccompAction.Errno, Syscalls = rules }));
    }

    private static void AgreesOnManyCalls(SeccompSpec spec, SeccompProgram program, Random random, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            uint number = random.Next(20) switch
            {
                0 => (uint)random.Next(),
                1 => uint.MaxValue,
                2 => (uint)random.Next(480) | SeccompCompiler.X32Bit,
                _ => (uint)random.Next(480),
            };
            Agrees(spec, program, Audits[random.Next(Audits.Length)], number, RandomArguments(random));
        }
    }

    private static void Agrees(SeccompSpec spec, SeccompProgram program, uint audit, uint number, ulong[] arguments)
    {
        uint expected = SeccompReference.Evaluate(spec, audit, number, arguments);
        uint actual = BpfInterpreter.Run(program.Instructions, audit, number, arguments);
        Assert.True(expected == actual, $"arch {audit:x} number {number} arguments {string.Join(',', arguments)}: expected {expected:x}, got {actual:x}");
    }

    private static ulong[] RandomArguments(Random random) =>
        [.. Enumerable.Range(0, 6).Select(_ => Interesting[random.Next(Interesting.Length)] + (ulong)random.Next(2))];

    private static SeccompSpec RandomSpec(Random random)
    {
        string[] names = [.. SyscallTable.Of(SeccompArchitecture.X86).Keys.Order(StringComparer.Ordinal), "no_such_call"];
        SeccompAction[] actions = [.. Enum.GetValues<SeccompAction>().Where(static a => a != SeccompAction.Notify)];
        SeccompArchitecture[][] architectures = [[], [SeccompArchitecture.X64], [SeccompArchitecture.X64, SeccompArchitecture.X86], [SeccompArchitecture.X32, SeccompArchitecture.Aarch64], [SeccompArchitecture.X64, SeccompArchitecture.X32, SeccompArchitecture.X86]];
        return new SeccompSpec
        {
            DefaultAction = actions[random.Next(actions.Length)],
            DefaultErrnoRet = random.Next(2) == 0 ? null : (uint)random.Next(4096),
            Architectures = architectures[random.Next(architectures.Length)],
            Syscalls = [.. Enumerable.Range(0, random.Next(20)).Select(_ => new SeccompRule
            {
                Names = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => names[random.Next(names.Length)])],
                Action = actions[random.Next(actions.Length)],
                ErrnoRet = random.Next(2) == 0 ? null : (uint)random.Next(4096),
                Args = random.Next(3) > 0 ? [] : [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new SeccompArgument
                {
                    Index = (uint)random.Next(6),
                    Op = (SeccompOperator)random.Next(7),
                    Value = Interesting[random.Next(Interesting.Length)],
                    ValueTwo = Interesting[random.Next(Interesting.Length)],
                })],
            })],
        };
    }
}
