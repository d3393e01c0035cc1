using Berth.Devices.Virtio;
using Berth.Linux;
using Berth.Vmm.Control;

namespace Berth.Vmm.Networks;

/// <summary>A network card with its wire. It outlives the board: each board has a device of its own for it.</summary>
internal sealed class NetworkCard : IDisposable
{
    private const int LongestName = 15;

    private readonly TapWire _wire;
    private readonly byte[] _mac;
    private VirtioNet? _device;

    private NetworkCard(NetworkCardConfig config, FileDescriptor tap)
    {
        Config = config;
        _mac = Address(config.Mac);
        _wire = new TapWire(tap) { Gone = LoseLink };
    }

    /// <summary>A card that owns the tap, which is closed when the card cannot be.</summary>
    /// <exception cref="ArgumentException">The configuration is wrong; it names the field.</exception>
    public static NetworkCard Create(NetworkCardConfig config, FileDescriptor tap)
    {
        try
        {
            Check(config);
            return new NetworkCard(config, tap);
        }
        catch (ArgumentException)
        {
            tap.Dispose();
            throw;
        }
    }

    /// <summary>What the guest is told of it.</summary>
    public NetworkCardConfig Config { get; set; }

    /// <summary>Where on the PCI bus it stands.</summary>
    public int Slot { get; set; }

    /// <summary>Puts a device for it on a board.</summary>
    public void Attach(Func<IVirtioDevice, int> add)
    {
        _device = new VirtioNet(_wire, _mac, (ushort)Config.Mtu);
        Slot = add(_device);
    }

    /// <summary>Cuts the wire for good; a guest that keeps the card sees it without a link.</summary>
    public void Dispose()
    {
        _wire.Dispose();
        LoseLink();
    }

    /// <exception cref="ArgumentException">It names the field.</exception>
    public static void Check(NetworkCardConfig config)
    {
        if (config.Mtu is < 68 or > VirtioNet.LongestFrame - 18)
            throw new ArgumentException($"networks: an MTU of {config.Mtu} bytes cannot be: use 68 to {VirtioNet.LongestFrame - 18}");
        if (config.Name.Length is 0 or > LongestName) throw new ArgumentException($"networks: the name \"{config.Name}\" must have 1 to {LongestName} characters");
        if (Address(config.Mac).Length != 6) throw new ArgumentException($"networks: {config.Mac} is no hardware address");
    }

    private static byte[] Address(string text)
    {
        try
        {
            return Convert.FromHexString(text.Replace(":", "", StringComparison.Ordinal));
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private void LoseLink() => _device?.SetLink(up: false);
}
