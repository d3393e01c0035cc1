namespace Berth.Devices.Pci;

/// <summary>What a function says it is. Spec: [PCI] 6.2.1.</summary>
/// <param name="Vendor">Vendor id.</param>
/// <param name="Device">Device id.</param>
/// <param name="ClassCode">Class, subclass and interface, 24 bits.</param>
/// <param name="Revision">Revision id.</param>
/// <param name="SubsystemVendor">Subsystem vendor id.</param>
/// <param name="Subsystem">Subsystem id.</param>
public sealed record PciIdentity(ushort Vendor, ushort Device, uint ClassCode, byte Revision = 0, ushort SubsystemVendor = 0, ushort Subsystem = 0);
