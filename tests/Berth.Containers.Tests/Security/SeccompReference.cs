using Berth.Containers.Security;
using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Tests.Security;

/// <summary>What a filter means, said without any compiling: the answer for one call, read straight from the rules.</summary>
internal static class SeccompReference
{
    public static uint Evaluate(SeccompSpec spec, uint audit, uint number, ulong[] arguments)
    {
        IReadOnlyList<SeccompArchitecture> architectures = spec.Architectures.Count == 0 ? [SeccompArchitecture.X64] : spec.Architectures;
        SeccompArchitecture used = audit switch
        {
            SeccompCompiler.AuditX64 => number >= SeccompCompiler.X32Bit ? SeccompArchitecture.X32 : SeccompArchitecture.X64,
            SeccompCompiler.AuditX86 => SeccompArchitecture.X86,
            _ => SeccompArchitecture.Arm,
        };
        if (!architectures.Contains(used))
        {
            bool marked = used == SeccompArchitecture.X32 && architectures.Contains(SeccompArchitecture.X64);
            return marked ? Libc.SECCOMP_RET_ERRNO | 38 : Libc.SECCOMP_RET_KILL_PROCESS;
        }
        uint plain = used == SeccompArchitecture.X32 ? number & ~SeccompCompiler.X32Bit : number;
        IReadOnlyDictionary<string, int> table = SyscallTable.Of(used);
        List<SeccompRule> rules = [.. spec.Syscalls.Where(r => r.Names.Any(n => table.TryGetValue(n, out int found) && found == plain))];
        SeccompRule? rule = rules.FirstOrDefault(r => r.Args.Count > 0 && Matches(r.Args, arguments)) ?? rules.FirstOrDefault(static r => r.Args.Count == 0);
        if (rule is not null)
            return Return(rule.Action, rule.ErrnoRet);
        int newest = spec.Syscalls.SelectMany(static r => r.Names).Select(n => table.TryGetValue(n, out int found) ? found : -1).DefaultIfEmpty(-1).Max();
        return spec.DefaultAction == SeccompAction.Errno && plain > newest ? Libc.SECCOMP_RET_ERRNO | 38 : Return(spec.DefaultAction, spec.DefaultErrnoRet);
    }

    private static bool Matches(IReadOnlyList<SeccompArgument> conditions, ulong[] arguments)
    {
        bool alternatives = conditions.GroupBy(static c => c.Index).Any(static g => g.Count() > 1);
        return alternatives ? conditions.Any(c => Holds(c, arguments[c.Index])) : conditions.All(c => Holds(c, arguments[c.Index]));
    }

    private static bool Holds(SeccompArgument c, ulong argument) => c.Op switch
    {
        SeccompOperator.Equal => argument == c.Value,
        SeccompOperator.NotEqual => argument != c.Value,
        SeccompOperator.Less => argument < c.Value,
        SeccompOperator.LessOrEqual => argument <= c.Value,
        SeccompOperator.Greater => argument > c.Value,
        SeccompOperator.GreaterOrEqual => argument >= c.Value,
        _ => (argument & c.Value) == (c.ValueTwo & c.Value),
    };

    private static uint Return(SeccompAction action, uint? errno) => action switch
    {
        SeccompAction.Allow => 0x7FFF0000,
        SeccompAction.Log => 0x7FFC0000,
        SeccompAction.Trace => 0x7FF00000 | (errno ?? 1),
        SeccompAction.Errno => 0x00050000 | (errno ?? 1),
        SeccompAction.Trap => 0x00030000,
        SeccompAction.KillProcess => 0x80000000,
        _ => 0,
    };
}
