using System.Diagnostics.CodeAnalysis;

namespace Berth.FileSystems;

/// <summary>What the guest has open, by number.</summary>
internal sealed class HandleTable(int most) : IDisposable
{
    private readonly Dictionary<ulong, OpenFile> _open = [];
    private ulong _next = 1;

    public int Count => _open.Count;

    public bool IsFull => _open.Count >= most;

    public ulong Add(OpenFile file)
    {
        _open[_next] = file;
        return _next++;
    }

    public bool TryGet(ulong handle, [NotNullWhen(true)] out OpenFile? file) => _open.TryGetValue(handle, out file);

    public void Close(ulong handle)
    {
        if (_open.Remove(handle, out OpenFile? file)) file.Dispose();
    }

    public void Clear()
    {
        foreach (OpenFile file in _open.Values) file.Dispose();
        _open.Clear();
    }

    public void Dispose() => Clear();
}
