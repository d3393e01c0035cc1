using System.Diagnostics.CodeAnalysis;
using Berth.Linux;

namespace Berth.Containers.Supervision;

/// <summary>Descriptors held so that they survive a death of the supervisor; closed on dispose.</summary>
internal sealed class KeptDescriptors : IDisposable
{
    private readonly Dictionary<KeptDescriptorName, FileDescriptor> _descriptors = [];

    /// <summary>Holds a descriptor; null (lost on the way) is ignored.</summary>
    public void Add(KeptDescriptorName name, FileDescriptor? descriptor)
    {
        if (descriptor is null)
            return;
        lock (_descriptors)
        {
            if (_descriptors.Remove(name, out FileDescriptor? earlier))
                earlier.Dispose();
            _descriptors.Add(name, descriptor);
        }
    }

    /// <summary>Closes one.</summary>
    public void Remove(KeptDescriptorName name)
    {
        lock (_descriptors)
        {
            if (_descriptors.Remove(name, out FileDescriptor? descriptor))
                descriptor.Dispose();
        }
    }

    /// <summary>Closes all of a process that has ended.</summary>
    public void RemoveAll(string id, string? execId)
    {
        foreach (KeptDescriptorKind kind in Enum.GetValues<KeptDescriptorKind>())
            Remove(new KeptDescriptorName(id, execId, kind));
    }

    /// <summary>Finds one; it stays held.</summary>
    public bool TryGet(KeptDescriptorName name, [NotNullWhen(true)] out FileDescriptor? descriptor)
    {
        lock (_descriptors)
            return _descriptors.TryGetValue(name, out descriptor);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_descriptors)
        {
            foreach (FileDescriptor descriptor in _descriptors.Values)
                descriptor.Dispose();
            _descriptors.Clear();
        }
    }
}
