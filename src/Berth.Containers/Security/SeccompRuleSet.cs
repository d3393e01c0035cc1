using Berth.Containers.Spec;

namespace Berth.Containers.Security;

/// <summary>The rules of one system call, in the order they are asked.</summary>
/// <remarks>
/// A rule with conditions goes before one without, whatever the order in the profile; among equals the first wins. As in Docker, several
/// conditions on the same argument are alternatives, while conditions on different arguments must all hold.
/// </remarks>
internal sealed class SeccompRuleSet(uint defaultReturn)
{
    private readonly List<(IReadOnlyList<SeccompArgument> All, uint Return)> _conditional = [];
    private uint? _unconditional;

    public void Add(SeccompRule rule, uint returnValue)
    {
        if (rule.Args.Count == 0)
            _unconditional ??= returnValue;
        else if (rule.Args.DistinctBy(static a => a.Index).Count() == rule.Args.Count)
            _conditional.Add((rule.Args, returnValue));
        else
            _conditional.AddRange(rule.Args.Select(a => ((IReadOnlyList<SeccompArgument>)[a], returnValue)));
    }

    public BpfInstruction[] Emit()
    {
        var code = new List<BpfInstruction>();
        foreach ((IReadOnlyList<SeccompArgument> all, uint returnValue) in _conditional)
        {
            BpfInstruction[] rule = [new(BpfInstruction.Return, 0, 0, returnValue)];
            foreach (SeccompArgument argument in all.Reverse())
                rule = [.. SeccompArgumentCode.Emit(argument, fail: rule.Length), .. rule];
            code.AddRange(rule);
        }
        code.Add(new BpfInstruction(BpfInstruction.Return, 0, 0, _unconditional ?? defaultReturn));
        return [.. code];
    }
}
