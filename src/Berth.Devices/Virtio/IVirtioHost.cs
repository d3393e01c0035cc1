using Berth.Machine;

namespace Berth.Devices.Virtio;

/// <summary>A transport as its device sees it.</summary>
public interface IVirtioHost
{
    /// <summary>Guest RAM.</summary>
    GuestMemory Memory { get; }

    /// <summary>A queue by number.</summary>
    Virtqueue Queue(int index);

    /// <summary>Has <see cref="IVirtioDevice.Process"/> called for a queue soon. Any thread.</summary>
    void Schedule(int queue);

    /// <summary>Tells the driver that device configuration has changed. Any thread.</summary>
    void ConfigChanged();
}
