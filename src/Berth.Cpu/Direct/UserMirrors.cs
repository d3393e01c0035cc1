using Berth.Cpu.Memory;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu.Direct;

/// <summary>The mirrors of the address spaces that the guest used last, told apart by their PCID as a tagged TLB does. [SDM3] 4.10.1</summary>
internal sealed class UserMirrors(Mmu mmu, GuestMemory memory, IReadOnlyList<StubProcess> processes) : IDisposable
{
    private const int None = -1;

    private readonly UserMirror[] _mirrors = [.. processes.Select(process => new UserMirror(mmu, memory, process))];
    private readonly int[] _pcids = [.. processes.Select(static _ => None)];
    private readonly long[] _uses = new long[processes.Count];
    private long _clock;

    /// <summary>The mirror of an address space; the one that was not used for longest, empty, if it has none.</summary>
    public UserMirror Of(int pcid)
    {
        int at = Array.IndexOf(_pcids, pcid);
        if (at < 0)
        {
            at = Array.IndexOf(_uses, _uses.Min());
            _mirrors[at].Forget();
            _pcids[at] = pcid;
        }
        _uses[at] = ++_clock;
        return _mirrors[at];
    }

    /// <summary>No translation of one address space is valid any more.</summary>
    public void DropSpace(int pcid)
    {
        if (Array.IndexOf(_pcids, pcid) is >= 0 and var at) _mirrors[at].Pages.Drop();
    }

    /// <summary>No translation is valid any more.</summary>
    public void Drop()
    {
        foreach (UserMirror mirror in _mirrors) mirror.Pages.Drop();
    }

    /// <summary>The translations of one page are no longer valid, in any address space, as it may be global.</summary>
    public void Drop(ulong linear)
    {
        foreach (UserMirror mirror in _mirrors) mirror.Pages.Drop(linear);
    }

    /// <summary>Stores to a page of RAM must be seen from now on; true if the process of one may make some. Any thread.</summary>
    public bool Watched(long page)
    {
        bool mayStore = false;
        foreach (UserMirror mirror in _mirrors) mayStore |= mirror.Pages.Watched(page);
        return mayStore;
    }

    /// <summary>A watched page has changed, or is watched no more; true if its code may be running. Any thread.</summary>
    public bool Changed(long page)
    {
        bool mayRun = false;
        foreach (UserMirror mirror in _mirrors) mayRun |= mirror.Pages.Changed(page);
        return mayRun;
    }

    public void Dispose()
    {
        foreach (UserMirror mirror in _mirrors) mirror.Dispose();
    }
}
