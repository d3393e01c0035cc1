using Berth.Linux;
using Berth.Linux.Launch;

namespace Berth.Containers.Processes;

/// <summary>The ordered calls of a child, as data: what happens between clone3 and execve can be read, and tested, without root.</summary>
internal sealed class ChildPlan
{
    private readonly List<ChildCall> _calls = new(128);

    public ChildPlan() { }

    /// <summary>Begins with calls that are prepared already.</summary>
    public ChildPlan(IReadOnlyList<ChildCall> opening) => _calls.AddRange(opening);

    public IReadOnlyList<ChildCall> Calls => _calls;

    /// <summary>Adds a call whose failure ends the child; answers its index.</summary>
    public int Add(string step, nint number, params ChildArgument[] arguments)
    {
        _calls.Add(new ChildCall(step, number, arguments));
        return _calls.Count - 1;
    }

    /// <summary>Adds a prepared call.</summary>
    public void Add(ChildCall call) => _calls.Add(call);

    /// <summary>Adds a call that may fail; then the following <paramref name="skip"/> calls are left out as well.</summary>
    public int Try(string step, int skip, nint number, params ChildArgument[] arguments)
    {
        _calls.Add(new ChildCall(step, number, arguments, skip));
        return _calls.Count - 1;
    }

    /// <summary>openat2 of a path that is made of plain names only: no links, no other mount's magic.</summary>
    public static ChildArgument OpenHow(int flags, ulong resolve)
    {
        byte[] how = new byte[24];
        BitConverter.TryWriteBytes(how, (ulong)(uint)(flags | Libc.O_CLOEXEC));
        BitConverter.TryWriteBytes(how.AsSpan(16), resolve);
        return ChildArgument.Bytes(how);
    }
}
