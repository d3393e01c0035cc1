using System.Runtime.CompilerServices;
using Berth.Linux;

namespace Berth.Machine;

/// <summary>Guest RAM: one shared memory file, mapped once, seen by the guest as up to two regions around the hole below 4 GiB.</summary>
/// <remarks>Pages whose content something has cached (decoded code) are watched: every writer other than the guest's own stores
/// goes through <see cref="Write"/> or calls <see cref="MarkWritten"/>, which raises the page's version.</remarks>
public sealed unsafe class GuestMemory : IDisposable
{
    /// <summary>log2 of the page size.</summary>
    public const int PageShift = 12;

    /// <summary>Start of the hole for PCI, IOAPIC, LAPIC and firmware; RAM beyond it continues at 4 GiB.</summary>
    public const ulong HoleStart = 0xC000_0000;

    /// <summary>End of the hole below 4 GiB.</summary>
    public const ulong HoleEnd = 0x1_0000_0000;

    // Watched, but stores that began before may not be visible yet; and watched for good.
    private const byte Beginning = 1, Settled = 2;

    private readonly Lock _watching = new();
    private readonly byte* _base;
    private readonly byte* _watched;
    private readonly uint* _versions;
    private readonly MemoryRegion[] _regions;
    private readonly ulong _low;
    private readonly ulong _high;
    private bool _disposed;

    /// <summary>Creates zeroed RAM of <paramref name="size"/> bytes (a multiple of 4096). Pages cost nothing until touched.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is zero, unaligned or above 1 TiB.</exception>
    /// <exception cref="LinuxException">The kernel refused the file or the mapping.</exception>
    public GuestMemory(ulong size)
    {
        if (size is 0 or > 1UL << 40 || size % 4096 != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "Guest memory must be a multiple of 4096 bytes, at most 1 TiB.");
        Size = size;
        _low = Math.Min(size, HoleStart);
        _high = size - _low;
        _regions = _high == 0 ? [new(0, _low, 0)] : [new(0, _low, 0), new(HoleEnd, _high, _low)];
        File = Libc.MemoryFile("berth-guest-memory", (long)size);
        int flags = Libc.MAP_SHARED | Libc.MAP_NORESERVE;
        // SAFETY: the mapping covers exactly Size bytes and lives until Dispose.
        _base = (byte*)Libc.Map(File, 0, (long)size, Libc.PROT_READ | Libc.PROT_WRITE, flags);
        PageCount = (long)(size >> PageShift);
        // The tables are mapped, not allocated: untouched pages of a large guest cost nothing.
        using FileDescriptor tables = Libc.MemoryFile("berth-page-watch", TableLength);
        nint table = Libc.Map(tables, 0, TableLength, Libc.PROT_READ | Libc.PROT_WRITE, flags);
        // SAFETY: one byte and one uint per page fit into TableLength; the uints come first and so stay aligned.
        _versions = (uint*)table;
        _watched = (byte*)(table + (nint)(PageCount * sizeof(uint)));
    }

    private long TableLength => (PageCount * (sizeof(uint) + 1) + 4095) & ~4095L;

    /// <summary>Bytes of RAM.</summary>
    public ulong Size { get; }

    /// <summary>Number of RAM pages, in file order.</summary>
    public long PageCount { get; }

    /// <summary>The memory file, for backends and device processes that map it themselves.</summary>
    public FileDescriptor File { get; }

    /// <summary>Where guest-physical addresses lie in the file, ascending.</summary>
    public IReadOnlyList<MemoryRegion> Regions => _regions;

    /// <summary>Host address of file offset 0.</summary>
    public nint HostBase => (nint)_base;

    /// <summary>One byte per page in file order, not zero while the page is watched.</summary>
    public nint WatchTable => (nint)_watched;

    /// <summary>One counter per page in file order, raised by each write to a watched page.</summary>
    public nint VersionTable => (nint)_versions;

    /// <summary>Host address of <paramref name="length"/> bytes at a guest-physical address, or zero where not all of it is RAM.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint HostAddress(ulong guestAddress, ulong length)
    {
        // SAFETY: the offset is checked against the region before it is added.
        if (guestAddress < _low && length <= _low - guestAddress) return (nint)(_base + guestAddress);
        ulong above = guestAddress - HoleEnd;
        if (guestAddress >= HoleEnd && above < _high && length <= _high - above) return (nint)(_base + _low + above);
        return 0;
    }

    /// <summary>The RAM at a guest-physical address, or an empty span where not all of it is RAM. The guest may change it at any time.</summary>
    public Span<byte> Span(ulong guestAddress, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ObjectDisposedException.ThrowIf(_disposed, this);
        nint host = HostAddress(guestAddress, (ulong)length);
        // SAFETY: HostAddress vouches for length bytes; the object is not disposed.
        return host == 0 ? default : new Span<byte>((void*)host, length);
    }

    /// <summary>Copies out of guest RAM; false, and nothing copied, where not all of it is RAM.</summary>
    public bool Read(ulong guestAddress, Span<byte> destination)
    {
        Span<byte> source = Span(guestAddress, destination.Length);
        if (source.Length != destination.Length) return false;
        source.CopyTo(destination);
        return true;
    }

    /// <summary>Copies into guest RAM and raises versions; false, and nothing copied, where not all of it is RAM.</summary>
    public bool Write(ulong guestAddress, ReadOnlySpan<byte> source)
    {
        Span<byte> destination = Span(guestAddress, source.Length);
        if (destination.Length != source.Length) return false;
        source.CopyTo(destination);
        MarkWritten(guestAddress, source.Length);
        return true;
    }

    /// <summary>Tells that RAM was changed through a span or another mapping of the file, after the change.</summary>
    public void MarkWritten(ulong guestAddress, long length)
    {
        nint host = length > 0 ? HostAddress(guestAddress, (ulong)length) : 0;
        if (host == 0) return;
        long first = PageIndex(host), last = PageIndex(host + (nint)length - 1);
        for (long page = first; page <= last; page++) Touch(page);
    }

    /// <summary>File-order index of the page at a host address inside the mapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long PageIndex(nint hostAddress) => (hostAddress - (nint)_base) >> PageShift;

    /// <summary>Whether a page is watched, or about to be.</summary>
    public bool IsWatched(long page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)page, (ulong)PageCount);
        // SAFETY: the index is in range.
        return Volatile.Read(ref _watched[page]) != 0;
    }

    /// <summary>Starts watching a page. Stores of other vCPUs that began before are visible when this returns.</summary>
    public void Watch(long page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)page, (ulong)PageCount);
        // SAFETY: the index is in range.
        if (Volatile.Read(ref _watched[page]) == Settled) return;
        lock (_watching)
        {
            if (_watched[page] == Settled) return;
            Volatile.Write(ref _watched[page], Beginning);
            // A store is followed by a look at the flag without a fence in between; this is the other half of that bargain.
            Interlocked.MemoryBarrierProcessWide();
            PageWatched?.Invoke(page);
            Volatile.Write(ref _watched[page], Settled);
        }
    }

    /// <summary>Raised by <see cref="Watch"/>, on its thread, when a page begins to be watched.</summary>
    public event Action<long>? PageWatched;

    /// <summary>Raised, on the thread of the writer, after a watched page was written; the argument is its index in file order.</summary>
    public event Action<long>? WatchedPageWritten;

    /// <summary>Raised by <see cref="Unwatch"/>: what anyone has cached of the page must go.</summary>
    public event Action<long>? PageUnwatched;

    /// <summary>Watches a page and gives its version; what is read afterwards is as new as that version, or newer.</summary>
    public uint Observe(long page)
    {
        while (true)
        {
            Watch(page);
            // SAFETY: Watch has checked the index.
            uint version = Volatile.Read(ref _versions[page]);
            // Unwatching clears the flag before it raises the version: a flag that still stands belongs to this version.
            if (Volatile.Read(ref _watched[page]) == Settled) return version;
        }
    }

    /// <summary>Stops watching a page that is written again and again. Its version changes, so that those who compare versions look again.</summary>
    public void Unwatch(long page)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)page, (ulong)PageCount);
        lock (_watching)
        {
            // SAFETY: the index is in range.
            Volatile.Write(ref _watched[page], 0);
            Interlocked.Increment(ref _versions[page]);
        }
        PageUnwatched?.Invoke(page);
    }

    /// <summary>Raises the version of a page if it is watched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(long page)
    {
        // SAFETY: callers pass indexes of pages inside the mapping.
        if (_watched[page] != 0) Written(page);
    }

    private void Written(long page)
    {
        Interlocked.Increment(ref _versions[page]);
        WatchedPageWritten?.Invoke(page);
    }

    /// <summary>Gives pages back to the host: they read as zeros and cost nothing until touched again. Nothing happens where not all of it is RAM.</summary>
    public void Discard(ulong guestAddress, long length)
    {
        nint host = length > 0 ? HostAddress(guestAddress, (ulong)length) : 0;
        if (host == 0) return;
        Libc.TryPunchHole(File, host - HostBase, length);
        MarkWritten(guestAddress, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Libc.Unmap((nint)_base, (long)Size);
        Libc.Unmap((nint)_versions, TableLength);
        File.Dispose();
    }
}
