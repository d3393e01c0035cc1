using System.Runtime.InteropServices;
using Berth.Cpu.Memory;
using Berth.Linux.Tracing;
using Berth.Machine;

namespace Berth.Cpu.Direct;

/// <summary>Which pages of the guest's code may run directly, found out once for each of their contents.</summary>
internal sealed class CodeVerdicts(Mmu mmu, GuestMemory memory) : IDisposable
{
    private const int MaxVerdicts = 1 << 16;

    /// <summary>Times that a page cannot be run where it is, from which on it is worth relocating the code.</summary>
    private const int ManyRefusals = 4;

    private readonly Dictionary<long, Verdict> _verdicts = [];
    private readonly Dictionary<PageVersion, int> _refusals = [];
    private readonly CodeScan _scan = new();

    /// <summary>Offsets of the instructions in a page that must not run; null if they are too many.</summary>
    public ushort[]? Listed(in CodeVersions versions)
    {
        long page = memory.PageIndex(versions.Page.Host);
        if (_verdicts.TryGetValue(page, out Verdict known) && known.Versions == versions) return known.Listed;
        // Bounded; what is forgotten is looked at again.
        if (_verdicts.Count > MaxVerdicts) _verdicts.Clear();
        Span<ushort> places = stackalloc ushort[StubProcess.Breakpoints];
        int count = _scan.Find(versions.Previous.Host, versions.Page.Host, versions.Next.Host, places);
        ushort[]? listed = count < 0 ? null : places[..count].ToArray();
        _verdicts[page] = new(versions, listed);
        return listed;
    }

    /// <summary>A page cannot be run where it is; true if that has happened again and again, in whatever address space.</summary>
    public bool Refuse(PageVersion page)
    {
        if (_refusals.Count > MaxVerdicts) _refusals.Clear();
        return ++CollectionsMarshal.GetValueRefOrAddDefault(_refusals, page, out _) >= ManyRefusals;
    }

    /// <summary>Watches a page and those beside it: instructions may reach across.</summary>
    public CodeVersions Observe(ulong linear, nint host) => new(Version(Beside(linear - 0x1000)), Version(host), Version(Beside(linear + 0x1000)));

    private nint Beside(ulong linear) => mmu.Peek(linear, AccessKind.Execute, out _);

    private PageVersion Version(nint host) => host == 0 ? default : new(host, memory.Observe(memory.PageIndex(host)));

    /// <summary>What was found out about a page, and from which contents.</summary>
    private readonly record struct Verdict(CodeVersions Versions, ushort[]? Listed);

    public void Dispose() => _scan.Dispose();
}
