using Berth.Containers.Spec;
using Berth.Linux;

namespace Berth.Containers.Security;

/// <summary>
/// Turns a filter into classic BPF: a switch on the architecture, then a binary search over the numbers, then the rules of that call.
/// See seccomp(2); kernel documentation: userspace-api/seccomp_filter.rst.
/// </summary>
public static class SeccompCompiler
{
    /// <summary>The kernel's limit (BPF_MAXINSNS).</summary>
    public const int MaxInstructions = 4096;

    // linux/audit.h
    internal const uint AuditX64 = 0xC000003E, AuditX86 = 0x40000003;
    internal const uint X32Bit = 0x40000000;

    private const uint NumberOffset = 0, ArchitectureOffset = 4;
    private const uint RefuseUnknownCall = Libc.SECCOMP_RET_ERRNO | (uint)Errno.ENOSYS;

    /// <summary>
    /// Compiles for this family of processors. Names the architecture does not know are passed over. Calls through an architecture
    /// that the filter does not name end the process; when refused calls get an error, numbers newer than every named call get ENOSYS,
    /// so that programs fall back.
    /// </summary>
    /// <exception cref="SeccompException">An action, flag or architecture that is not supported, or more code than the kernel takes.</exception>
    public static SeccompProgram Compile(SeccompSpec spec) => SeccompProgramCache.GetOrAdd(spec, CompileAnew);

    private static SeccompProgram CompileAnew(SeccompSpec spec)
    {
        IReadOnlyList<SeccompArchitecture> architectures = spec.Architectures.Count > 0 ? spec.Architectures : [SeccompArchitecture.X64];
        BpfInstruction[]? x64 = architectures.Contains(SeccompArchitecture.X64) ? Search(spec, SeccompArchitecture.X64) : null;
        BpfInstruction[]? x32 = architectures.Contains(SeccompArchitecture.X32) ? Search(spec, SeccompArchitecture.X32) : null;
        BpfInstruction[]? x86 = architectures.Contains(SeccompArchitecture.X86) ? Search(spec, SeccompArchitecture.X86) : null;
        if (x64 is null && x32 is null && x86 is null)
            throw new SeccompException($"seccomp: architectures {string.Join(", ", architectures)} do not run on this machine; name SCMP_ARCH_X86_64");

        List<BpfInstruction> code = [new(BpfInstruction.LoadWord, 0, 0, ArchitectureOffset)];
        if (x64 is not null || x32 is not null)
            Branch(code, AuditX64, ByMarkerBit(x64, x32));
        if (x86 is not null)
            Branch(code, AuditX86, [new(BpfInstruction.LoadWord, 0, 0, NumberOffset), .. x86]);
        code.Add(new BpfInstruction(BpfInstruction.Return, 0, 0, Libc.SECCOMP_RET_KILL_PROCESS));

        if (code.Count > MaxInstructions)
            throw new SeccompException($"seccomp: the filter needs {code.Count} instructions and the kernel takes {MaxInstructions}; use fewer rules with arguments");
        return new SeccompProgram(code, FlagsOf(spec.Flags));
    }

    // x86-64 and x32 share an audit number; x32 marks its calls with a bit. A kernel without x32 has no such call.
    private static BpfInstruction[] ByMarkerBit(BpfInstruction[]? x64, BpfInstruction[]? x32)
    {
        x64 ??= [new(BpfInstruction.Return, 0, 0, Libc.SECCOMP_RET_KILL_PROCESS)];
        BpfInstruction[] marked = x32 is null
            ? [new(BpfInstruction.Return, 0, 0, RefuseUnknownCall)]
            : [new(BpfInstruction.And, 0, 0, ~X32Bit), .. x32];
        return [new(BpfInstruction.LoadWord, 0, 0, NumberOffset), .. BpfChoice.AtLeast(X32Bit, whenLess: x64, otherwise: marked)];
    }

    private static void Branch(List<BpfInstruction> code, uint audit, BpfInstruction[] block)
    {
        code.Add(new BpfInstruction(BpfInstruction.JumpEqual, 1, 0, audit));
        code.Add(new BpfInstruction(BpfInstruction.Jump, 0, 0, (uint)block.Length));
        code.AddRange(block);
    }

    private static BpfInstruction[] Search(SeccompSpec spec, SeccompArchitecture architecture)
    {
        uint defaultReturn = ReturnOf(spec.DefaultAction, spec.DefaultErrnoRet);
        var rules = new SortedDictionary<int, SeccompRuleSet>();
        IReadOnlyDictionary<string, int> numbers = SyscallTable.Of(architecture);
        foreach (SeccompRule rule in spec.Syscalls)
        {
            uint returnValue = ReturnOf(rule.Action, rule.ErrnoRet);
            foreach (string name in rule.Names)
            {
                if (!numbers.TryGetValue(name, out int number))
                    continue;
                if (!rules.TryGetValue(number, out SeccompRuleSet? set))
                    rules.Add(number, set = new SeccompRuleSet(defaultReturn));
                set.Add(rule, returnValue);
            }
        }

        // Ranges of numbers with the same answer: [first, next range's first). Longer code stands once, behind the tree.
        var routines = new BpfRoutines();
        var ranges = new List<(uint First, BpfInstruction[] Code)>();
        BpfInstruction[] otherwise = [new(BpfInstruction.Return, 0, 0, defaultReturn)];
        uint next = 0;
        foreach ((int number, SeccompRuleSet set) in rules)
        {
            if (number > next)
                AddRange(ranges, next, otherwise);
            AddRange(ranges, (uint)number, routines.Share(set.Emit()));
            next = (uint)number + 1;
        }
        AddRange(ranges, next, spec.DefaultAction == SeccompAction.Errno ? [new(BpfInstruction.Return, 0, 0, RefuseUnknownCall)] : otherwise);
        return routines.Append(Tree(ranges, 0, ranges.Count));
    }

    private static void AddRange(List<(uint First, BpfInstruction[] Code)> ranges, uint first, BpfInstruction[] code)
    {
        if (ranges.Count == 0 || !ranges[^1].Code.AsSpan().SequenceEqual(code))
            ranges.Add((first, code));
    }

    private static BpfInstruction[] Tree(List<(uint First, BpfInstruction[] Code)> ranges, int from, int to)
    {
        if (to - from == 1)
            return ranges[from].Code;
        int middle = (from + to) / 2;
        return BpfChoice.AtLeast(ranges[middle].First, whenLess: Tree(ranges, from, middle), otherwise: Tree(ranges, middle, to));
    }

    private static uint ReturnOf(SeccompAction action, uint? errno)
    {
        uint data = errno ?? (uint)Errno.EPERM;
        if (data > 4095)
            throw new SeccompException($"seccomp: errnoRet {data} is not an error number (0 to 4095)");
        return action switch
        {
            SeccompAction.Allow => Libc.SECCOMP_RET_ALLOW,
            SeccompAction.Log => Libc.SECCOMP_RET_LOG,
            SeccompAction.Errno => Libc.SECCOMP_RET_ERRNO | data,
            SeccompAction.Trace => Libc.SECCOMP_RET_TRACE | data,
            SeccompAction.Trap => Libc.SECCOMP_RET_TRAP,
            SeccompAction.Kill or SeccompAction.KillThread => Libc.SECCOMP_RET_KILL_THREAD,
            SeccompAction.KillProcess => Libc.SECCOMP_RET_KILL_PROCESS,
            SeccompAction.Notify => throw new SeccompException("seccomp: SCMP_ACT_NOTIFY is not supported; use SCMP_ACT_ERRNO"),
            _ => throw new SeccompException($"seccomp: unknown action {action}"),
        };
    }

    private static uint FlagsOf(IReadOnlyList<string> names)
    {
        uint flags = 0;
        foreach (string name in names)
        {
            flags |= name switch
            {
                "SECCOMP_FILTER_FLAG_TSYNC" => 0, // the filter is installed while the process has one thread
                "SECCOMP_FILTER_FLAG_LOG" => Libc.SECCOMP_FILTER_FLAG_LOG,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Libc.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                _ => throw new SeccompException($"seccomp: flag {name} is not supported; leave it out"),
            };
        }
        return flags;
    }
}
