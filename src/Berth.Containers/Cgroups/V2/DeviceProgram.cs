using Berth.Containers.Spec;

namespace Berth.Containers.Cgroups.V2;

/// <summary>Compiles device rules to an eBPF program that answers 1 (allow) or 0 (deny). linux/bpf.h: bpf_cgroup_dev_ctx.</summary>
internal static class DeviceProgram
{
    // Type in the low half of the first context word, access in the high half.
    public const int Block = 1, Char = 2, Mknod = 1, Read = 2, Write = 4;

    private const int Result = 0, Context = 1, Type = 2, Access = 3, Major = 4, Minor = 5;
    private const byte LoadWord = 0x61, MoveImmediate = 0xB7, Move = 0xBF, And = 0x57, ShiftRight = 0x77, JumpEqual = 0x15, JumpNotEqual = 0x55, Exit = 0x95;

    /// <summary>
    /// Later rules win, so they are asked from the last to the first. <c>Access</c> holds the wishes not yet granted: an
    /// allowing rule takes its letters away, a denying one ends it all when it meets one of them.
    /// </summary>
    public static ulong[] Compile(IReadOnlyList<DeviceRule> rules)
    {
        List<ulong> program =
        [
            Encode(LoadWord, Type, Context, 0),
            Encode(Move, Access, Type),
            Encode(And, Type, immediate: 0xFFFF),
            Encode(ShiftRight, Access, immediate: 16),
            Encode(LoadWord, Major, Context, 4),
            Encode(LoadWord, Minor, Context, 8),
            Encode(JumpNotEqual, Access, offset: 2, immediate: 0),
            .. Return(1),
        ];
        foreach (DeviceRule rule in rules.Reverse())
        {
            List<ulong> decision = Decide(rule);
            List<(int Register, long Value)> conditions = Conditions(rule);
            for (int i = 0; i < conditions.Count; i++)
            {
                int rest = conditions.Count - 1 - i + decision.Count;
                program.Add(Encode(JumpNotEqual, conditions[i].Register, offset: rest, immediate: (int)conditions[i].Value));
            }
            program.AddRange(decision);
            if (conditions.Count == 0 && AccessOf(rule) == 7)
                break; // it settles everything; earlier rules would be dead code, which the verifier refuses
        }
        program.AddRange(Return(0));
        return [.. program];
    }

    private static List<ulong> Decide(DeviceRule rule)
    {
        int access = AccessOf(rule);
        return rule.Allow
            ? [Encode(And, Access, immediate: 7 & ~access), Encode(JumpNotEqual, Access, offset: 2, immediate: 0), .. Return(1)]
            : [Encode(Move, Result, Access), Encode(And, Result, immediate: access), Encode(JumpEqual, Result, offset: 2, immediate: 0), .. Return(0)];
    }

    private static List<(int Register, long Value)> Conditions(DeviceRule rule)
    {
        var conditions = new List<(int, long)>();
        if (rule.Type is null or "" or "a")
            return conditions; // as in v1, "all" has no numbers
        conditions.Add((Type, rule.Type == "b" ? Block : Char));
        if (rule.Major is { } major and not -1)
            conditions.Add((Major, major));
        if (rule.Minor is { } minor and not -1)
            conditions.Add((Minor, minor));
        return conditions;
    }

    internal static int AccessOf(DeviceRule rule)
    {
        if (rule.Type is null or "" or "a" || string.IsNullOrEmpty(rule.Access))
            return Mknod | Read | Write;
        return (rule.Access.Contains('m') ? Mknod : 0) | (rule.Access.Contains('r') ? Read : 0) | (rule.Access.Contains('w') ? Write : 0);
    }

    private static ulong[] Return(int value) => [Encode(MoveImmediate, Result, immediate: value), Encode(Exit)];

    // linux/bpf.h, struct bpf_insn: opcode, destination, source, offset, immediate.
    private static ulong Encode(byte opcode, int destination = 0, int source = 0, int offset = 0, int immediate = 0) =>
        opcode | (ulong)(destination | source << 4) << 8 | (ulong)(ushort)offset << 16 | (ulong)(uint)immediate << 32;
}
