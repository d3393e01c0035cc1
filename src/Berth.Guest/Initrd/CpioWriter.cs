using System.Globalization;
using System.Text;

namespace Berth.Guest.Initrd;

/// <summary>Writes a cpio archive in the "newc" format, which the kernel unpacks as its initial root. [CPIO]</summary>
internal sealed class CpioWriter(Stream output)
{
    private const uint TypeDirectory = 0x4000, TypeFile = 0x8000, TypeLink = 0xA000, TypeCharacter = 0x2000;

    private uint _inode;
    private long _written;

    public void AddDirectory(string path, uint mode = 0x1ED) => Add(path, TypeDirectory | mode, default, 2);

    public void AddFile(string path, ReadOnlySpan<byte> content, uint mode = 0x1A4) => Add(path, TypeFile | mode, content, 1);

    public void AddLink(string path, string target) => Add(path, TypeLink | 0x1FF, Encoding.UTF8.GetBytes(target), 1);

    public void AddCharacterDevice(string path, uint mode, uint major, uint minor) => Add(path, TypeCharacter | mode, default, 1, major, minor);

    /// <summary>Writes the entry that ends the archive.</summary>
    public void Finish()
    {
        _inode = 0;
        Add("TRAILER!!!", 0, default, 1);
        Pad(512);
    }

    private void Add(string path, uint mode, ReadOnlySpan<byte> content, uint links, uint major = 0, uint minor = 0)
    {
        byte[] name = Encoding.UTF8.GetBytes(path);
        uint inode = mode == 0 ? 0 : ++_inode;
        // magic, inode, mode, uid, gid, links, time, size, device, device number, size of the name, checksum
        var header = new StringBuilder("070701", 110);
        foreach (uint field in (ReadOnlySpan<uint>)[inode, mode, 0, 0, links, 0, (uint)content.Length, 0, 0, major, minor, (uint)name.Length + 1, 0])
        {
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        }
        Write(Encoding.ASCII.GetBytes(header.ToString()));
        Write(name);
        Write([0]);
        Pad(4);
        Write(content);
        Pad(4);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    private void Pad(int unit) => Write(new byte[(unit - (int)(_written % unit)) % unit]);
}
