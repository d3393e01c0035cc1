using System.Buffers.Binary;
using System.Text;
using Berth.Linux;
using static Berth.FileSystems.Tests.Guest;

namespace Berth.FileSystems.Tests;

public sealed class FuseServerTests
{
    [Fact]
    public void BeforeInit_NothingIsServed()
    {
        using var guest = new Guest();
        Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.Lookup, 1, Name("0")));
        Assert.Equal(Errno.EPROTO, guest.Try(FuseOpcode.Init, 1, Body(6, 0, 0, 0)));
        byte[] newer = guest.Expect(FuseOpcode.Init, 1, Body(8, 0, 0, 0));
        Assert.Equal(7u, BinaryPrimitives.ReadUInt32LittleEndian(newer));
        Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.Lookup, 1, Name("0")));
        guest.Start();
    }

    [Fact]
    public void Files_WrittenByTheGuest_AreTheHosts()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        (ulong node, ulong handle) = guest.Create(root, "f");
        byte[] data = new byte[300_000];
        new Random(1).NextBytes(data);
        guest.Write(handle, 0, data);
        Assert.Equal(data, File.ReadAllBytes(Path.Combine(guest.Shared, "f")));
        File.WriteAllText(Path.Combine(guest.Shared, "f"), "from the host");
        Assert.Equal("from the host"u8.ToArray(), guest.Read(handle, 0, 4096));
        Assert.Equal("host"u8.ToArray(), guest.Read(guest.Open(node, Libc.O_RDONLY), 9, 4096));
        guest.Expect(FuseOpcode.Release, node, [.. Long(handle), .. Body(0, 0, 0, 0)]);
        Assert.Equal(Errno.EBADF, guest.Try(FuseOpcode.Read, node, [.. Long(handle, 0), .. Body(1, 0, 0, 0, 0, 0)]));
    }

    [Fact]
    public void Files_MadeByAUser_AreThatUsers()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        ulong rights = Libc.EffectiveCapabilities();
        // Neither mode nor group of the directory lets them: that is for the guest's kernel to decide.
        (guest.Uid, guest.Gid) = (1234, 5678);
        guest.Create(root, "f", mode: 0x9ED /* 04755 */);
        guest.Expect(FuseOpcode.MakeDirectory, root, [.. Body(0x1ED, 0), .. Name("d")]);
        guest.Expect(FuseOpcode.SymbolicLink, root, [.. Name("l"), .. Name("/etc/passwd")]);
        guest.Expect(FuseOpcode.MakeNode, root, [.. Body(Libc.S_IFIFO | 0x180, 0, 0, 0), .. Name("p")]);
        foreach (string name in new[] { "f", "d", "l", "p" })
        {
            Libc.statx status = Libc.StatAt(null, Path.Combine(guest.Shared, name));
            Assert.Equal((1234u, 5678u), (status.stx_uid, status.stx_gid));
        }
        Assert.Equal(0x9EDu, Libc.StatAt(null, Path.Combine(guest.Shared, "f")).Permissions);
        Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.MakeNode, root, [.. Body(Libc.S_IFCHR | 0x180, 0x103, 0, 0), .. Name("null")]));
        // The thread is root again, with everything it had.
        Assert.Equal(rights, Libc.EffectiveCapabilities());
        (guest.Uid, guest.Gid) = (0, 0);
        guest.Create(root, "g");
        Assert.Equal(0u, Libc.StatAt(null, Path.Combine(guest.Shared, "g")).stx_uid);
        (guest.Uid, guest.Gid) = (uint.MaxValue, 0);
        Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.MakeDirectory, root, [.. Body(0x1ED, 0), .. Name("nobody")]));
        Assert.Equal(rights, Libc.EffectiveCapabilities());
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("../outside")]
    [InlineData("/etc")]
    public void Names_ThatLeadElsewhere_AreRefused(string name)
    {
        using var guest = new Guest();
        Directory.CreateDirectory(Path.Combine(guest.Shared, "a", "b"));
        ulong root = guest.Start();
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Lookup, root, Name(name)));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Create, root, [.. Body(Libc.O_RDWR, 0x1A4, 0, 0), .. Name(name)]));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.MakeDirectory, root, [.. Body(0x1ED, 0), .. Name(name)]));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.SymbolicLink, root, [.. Name(name), .. Name("x")]));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Unlink, root, Name(name)));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Rename, root, [.. Long(root), .. Name("a"), .. Name(name)]));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Link, root, [.. Long(root), .. Name(name)]));
        Assert.Equal(["a"], Directory.EnumerateFileSystemEntries(guest.Shared).Select(static path => Path.GetFileName(path)));
    }

    [Fact]
    public void Links_AreGivenAndNeverFollowed()
    {
        using var guest = new Guest();
        File.WriteAllText(Path.Combine(guest.Outside, "secret"), "secret");
        ulong root = guest.Start();
        ulong link = Number(guest.Expect(FuseOpcode.SymbolicLink, root, [.. Name("out"), .. Name(guest.Outside)]));
        ulong file = Number(guest.Expect(FuseOpcode.SymbolicLink, root, [.. Name("file"), .. Name(guest.Outside + "/secret")]));
        Assert.Equal(guest.Outside, Encoding.UTF8.GetString(guest.Expect(FuseOpcode.ReadLink, link, [])));
        Assert.Equal(Errno.ENOTDIR, guest.Try(FuseOpcode.Lookup, link, Name("secret")));
        Assert.Equal(Errno.ENOTDIR, guest.Try(FuseOpcode.Create, link, [.. Body(Libc.O_RDWR, 0x1A4, 0, 0), .. Name("planted")]));
        Assert.Equal(Errno.ENOTDIR, guest.Try(FuseOpcode.OpenDirectory, link, Body(0, 0)));
        Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.Open, file, Body(Libc.O_RDWR | Libc.O_TRUNC, 0)));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.SetAttributes, file, Attributes(8, size: 0)));
        Assert.Equal(Errno.ENOTSUP, guest.Try(FuseOpcode.SetAttributes, file, Attributes(1, mode: 0x1FF)));
        // Its own owner and times, not those of what it leads to.
        uint owner = Libc.StatAt(null, Path.Combine(guest.Outside, "secret")).stx_uid;
        guest.Expect(FuseOpcode.SetAttributes, file, Attributes(2 | 32, uid: 77, seconds: 1000));
        Assert.Equal(77u, Libc.StatAt(null, Path.Combine(guest.Shared, "file")).stx_uid);
        Assert.Equal(1000, Libc.StatAt(null, Path.Combine(guest.Shared, "file")).stx_mtime.tv_sec);
        Assert.Equal(owner, Libc.StatAt(null, Path.Combine(guest.Outside, "secret")).stx_uid);
        // One more name of the link itself.
        guest.Expect(FuseOpcode.Link, root, [.. Long(file), .. Name("hard")]);
        Assert.Equal(guest.Outside + "/secret", new FileInfo(Path.Combine(guest.Shared, "hard")).LinkTarget);
        Assert.Equal("secret", File.ReadAllText(Path.Combine(guest.Outside, "secret")));
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(guest.Outside).Select(static path => Path.GetFileName(path)));
    }

    [Fact]
    public void DirectorySwappedForALink_TheHostDoesNotFollow()
    {
        using var guest = new Guest();
        File.WriteAllText(Path.Combine(guest.Outside, "f"), "secret");
        Directory.CreateDirectory(Path.Combine(guest.Shared, "d", "e"));
        File.WriteAllText(Path.Combine(guest.Shared, "d", "e", "f"), "mine");
        ulong root = guest.Start();
        ulong directory = guest.Lookup(guest.Lookup(root, "d"), "e"), file = guest.Lookup(directory, "f");
        Directory.Move(Path.Combine(guest.Shared, "d"), Path.Combine(guest.Shared, "moved"));
        Directory.CreateDirectory(Path.Combine(guest.Shared, "d"));
        File.CreateSymbolicLink(Path.Combine(guest.Shared, "d", "e"), guest.Outside);
        // What it knew is what it gets, wherever that is now.
        Assert.Equal("mine"u8.ToArray(), guest.Read(guest.Open(file, Libc.O_RDONLY), 0, 100));
        Assert.Equal(Errno.ENOTDIR, guest.Try(FuseOpcode.Lookup, guest.Lookup(guest.Lookup(root, "d"), "e"), Name("f")));
    }

    [Fact]
    public void SpecialFiles_AreNeverOpened()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        ulong fifo = Number(guest.Expect(FuseOpcode.MakeNode, root, [.. Body(Libc.S_IFIFO | 0x180, 0, 0, 0), .. Name("fifo")]));
        ulong device = Number(guest.Expect(FuseOpcode.MakeNode, root, [.. Body(Libc.S_IFCHR | 0x180, 0x105, 0, 0), .. Name("zero")]));
        Assert.Equal((1u, 5u), (Libc.StatAt(null, Path.Combine(guest.Shared, "zero")).stx_rdev_major, Libc.StatAt(null, Path.Combine(guest.Shared, "zero")).stx_rdev_minor));
        foreach (ulong node in new[] { fifo, device })
            Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.Open, node, Body(Libc.O_RDWR, 0)));
        foreach (string name in new[] { "fifo", "zero" })
            Assert.Equal(Errno.EPERM, guest.Try(FuseOpcode.Create, root, [.. Body(Libc.O_WRONLY, 0x1A4, 0, 0), .. Name(name)]));
        Assert.Equal(0, guest.Server.Held.Handles);
    }

    [Fact]
    public void ReadOnly_NothingChanges()
    {
        using var guest = new Guest(readOnly: true);
        File.WriteAllText(Path.Combine(guest.Shared, "f"), "kept");
        Directory.CreateDirectory(Path.Combine(guest.Shared, "d"));
        ulong root = guest.Start(), file = guest.Lookup(root, "f");
        (FuseOpcode Opcode, ulong Node, byte[] Body)[] changes =
        [
            (FuseOpcode.Create, root, [.. Body(Libc.O_RDWR, 0x1A4, 0, 0), .. Name("new")]),
            (FuseOpcode.Create, root, [.. Body(Libc.O_RDWR, 0x1A4, 0, 0), .. Name("f")]),
            (FuseOpcode.TemporaryFile, root, [.. Body(Libc.O_RDWR, 0x1A4, 0, 0), .. Name("x")]),
            (FuseOpcode.MakeDirectory, root, [.. Body(0x1ED, 0), .. Name("new")]),
            (FuseOpcode.MakeNode, root, [.. Body(Libc.S_IFREG | 0x1A4, 0, 0, 0), .. Name("new")]),
            (FuseOpcode.SymbolicLink, root, [.. Name("new"), .. Name("x")]),
            (FuseOpcode.Link, root, [.. Long(file), .. Name("new")]),
            (FuseOpcode.Unlink, root, Name("f")),
            (FuseOpcode.RemoveDirectory, root, Name("d")),
            (FuseOpcode.Rename, root, [.. Long(root), .. Name("f"), .. Name("new")]),
            (FuseOpcode.SetAttributes, file, Attributes(1, mode: 0)),
            (FuseOpcode.SetAttributes, root, Attributes(2, uid: 5)),
            (FuseOpcode.Open, file, Body(Libc.O_WRONLY, 0)),
            (FuseOpcode.Open, file, Body(Libc.O_RDONLY | Libc.O_TRUNC, 0)),
            (FuseOpcode.SetXattr, file, [.. Body(1, 0), .. Name("user.a"), 1]),
            (FuseOpcode.RemoveXattr, file, Name("user.a")),
        ];
        Assert.All(changes, change => Assert.Equal(Errno.EROFS, guest.Try(change.Opcode, change.Node, change.Body)));
        Assert.Equal("kept"u8.ToArray(), guest.Read(guest.Open(file, Libc.O_RDONLY), 0, 100));
        Assert.Equal(["d", "f"], Directory.EnumerateFileSystemEntries(guest.Shared).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Root_HoldsTheFoldersAndNothingElse()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        Assert.Equal([".", "..", "0"], guest.List(1, plus: false));
        Assert.Equal([".", "..", "0"], guest.List(1, plus: true));
        Assert.Equal(Errno.ENOENT, guest.Try(FuseOpcode.Lookup, 1, Name("1")));
        Assert.Equal(Errno.EROFS, guest.Try(FuseOpcode.MakeDirectory, 1, [.. Body(0x1ED, 0), .. Name("new")]));
        Assert.Equal(Errno.EROFS, guest.Try(FuseOpcode.RemoveDirectory, 1, Name("0")));
        Assert.Equal(Errno.EROFS, guest.Try(FuseOpcode.Rename, 1, [.. Long(root), .. Name("0"), .. Name("new")]));
        Assert.Equal(Errno.EROFS, guest.Try(FuseOpcode.SetAttributes, 1, Attributes(1, mode: 0x1FF)));
        Assert.Equal(0x416Du, BinaryPrimitives.ReadUInt32LittleEndian(guest.Expect(FuseOpcode.GetAttributes, 1, new byte[16]).AsSpan(16 + 60)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Directories_OfManyEntries_AreReadWhole(bool plus)
    {
        using var guest = new Guest();
        string[] names = [.. Enumerable.Range(0, 1000).Select(static i => $"a rather long name of a file, number {i}")];
        foreach (string name in names) File.WriteAllBytes(Path.Combine(guest.Shared, name), []);
        ulong root = guest.Start();
        Assert.Equal([".", "..", .. names.Order(StringComparer.Ordinal)], guest.List(root, plus).Order(StringComparer.Ordinal));
        Assert.Equal(plus ? 1001 : 1, guest.Server.Held.Nodes);
    }

    [Fact]
    public void Rename_AllKinds_TheGuestStillFindsWhatItKnew()
    {
        using var guest = new Guest(limits: new FuseLimits { Descriptors = 2 });
        ulong root = guest.Start();
        ulong directory = Number(guest.Expect(FuseOpcode.MakeDirectory, root, [.. Body(0x1ED, 0), .. Name("d")]));
        foreach (string name in new[] { "a", "b", "c" }) File.WriteAllText(Path.Combine(guest.Shared, name), name);
        ulong a = guest.Lookup(root, "a"), b = guest.Lookup(root, "b"), c = guest.Lookup(root, "c");
        guest.Expect(FuseOpcode.Rename, root, [.. Long(directory), .. Name("a"), .. Name("moved")]);
        Assert.Equal(Errno.EEXIST, guest.Try(FuseOpcode.Rename2, root, [.. Long(root), .. Body(Libc.RENAME_NOREPLACE, 0), .. Name("b"), .. Name("c")]));
        guest.Expect(FuseOpcode.Rename2, root, [.. Long(root), .. Body(Libc.RENAME_EXCHANGE, 0), .. Name("b"), .. Name("c")]);
        Assert.Equal("b", File.ReadAllText(Path.Combine(guest.Shared, "c")));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Rename2, root, [.. Long(root), .. Body(4, 0), .. Name("b"), .. Name("c")]));
        foreach ((ulong node, string content) in new[] { (a, "a"), (b, "b"), (c, "c") })
            Assert.Equal(Encoding.UTF8.GetBytes(content), guest.Read(guest.Open(node, Libc.O_RDONLY), 0, 100));
    }

    [Fact]
    public void Unlinked_KnownFile_StaysReachableUntilForgotten()
    {
        using var guest = new Guest();
        File.WriteAllText(Path.Combine(guest.Shared, "f"), "still here");
        ulong root = guest.Start(), file = guest.Lookup(root, "f");
        guest.Expect(FuseOpcode.Unlink, root, Name("f"));
        Assert.Equal("still here"u8.ToArray(), guest.Read(guest.Open(file, Libc.O_RDONLY), 0, 100));
        guest.Send(FuseOpcode.Forget, file, Long(1));
        Assert.Equal(Errno.ESTALE, guest.Try(FuseOpcode.GetAttributes, file, new byte[16]));
    }

    [Fact]
    public void ReplacedOnTheHost_KnownFile_IsStaleNotTheOther()
    {
        using var guest = new Guest();
        string path = Path.Combine(guest.Shared, "f");
        File.WriteAllText(path, "first");
        ulong root = guest.Start(), file = guest.Lookup(root, "f");
        File.WriteAllText(path + ".new", "second");
        File.Move(path + ".new", path, overwrite: true);
        Assert.Equal(Errno.ESTALE, guest.Try(FuseOpcode.Open, file, Body(Libc.O_RDONLY, 0)));
        ulong other = guest.Lookup(root, "f");
        Assert.NotEqual(file, other);
        Assert.Equal("second"u8.ToArray(), guest.Read(guest.Open(other, Libc.O_RDONLY), 0, 100));
    }

    [Fact]
    public void Descriptors_OfManyKnownFiles_AreBoundedAndComeBack()
    {
        using var guest = new Guest(limits: new FuseLimits { Descriptors = 64 });
        ulong root = guest.Start();
        Dictionary<string, ulong> known = [];
        for (int i = 0; i < 500; i++)
        {
            string name = $"d{i}";
            Directory.CreateDirectory(Path.Combine(guest.Shared, name));
            File.WriteAllText(Path.Combine(guest.Shared, name, "f"), name);
            known[name] = guest.Lookup(guest.Lookup(root, name), "f");
            Assert.True(guest.Server.Held.Descriptors <= 64 + 2, $"{guest.Server.Held.Descriptors} descriptors are kept");
        }
        foreach ((string name, ulong node) in known)
        {
            ulong handle = guest.Open(node, Libc.O_RDONLY);
            Assert.Equal(Encoding.UTF8.GetBytes(name), guest.Read(handle, 0, 100));
            guest.Expect(FuseOpcode.Release, node, [.. Long(handle), .. Body(0, 0, 0, 0)]);
        }
        Assert.True(guest.Server.Held.Descriptors <= 64 + 2);
    }

    [Fact]
    public void Limits_Reached_AreErrnosAndEndWithForgetAndRelease()
    {
        using var guest = new Guest(limits: new FuseLimits { Nodes = 10, Handles = 3 });
        for (int i = 0; i < 20; i++) File.WriteAllBytes(Path.Combine(guest.Shared, $"f{i}"), []);
        ulong root = guest.Start(), first = guest.Lookup(root, "f0");
        for (int i = 1; i < 9; i++) guest.Lookup(root, $"f{i}");
        Assert.Equal(Errno.ENFILE, guest.Try(FuseOpcode.Lookup, root, Name("f9")));
        Assert.Equal(22, guest.List(root, plus: true).Count);
        Assert.Equal(10, guest.Server.Held.Nodes);
        ulong[] handles = [.. Enumerable.Range(0, 3).Select(_ => guest.Open(first, Libc.O_RDONLY))];
        Assert.Equal(Errno.ENFILE, guest.Try(FuseOpcode.Open, first, Body(Libc.O_RDONLY, 0)));
        Assert.Equal(Errno.ENFILE, guest.Try(FuseOpcode.OpenDirectory, root, Body(0, 0)));
        guest.Expect(FuseOpcode.Release, first, [.. Long(handles[0]), .. Body(0, 0, 0, 0)]);
        guest.Open(first, Libc.O_RDONLY);
        guest.Send(FuseOpcode.BatchForget, 0, [.. Body(2, 0), .. Long(first, 1000, root + 2, ulong.MaxValue)]);
        Assert.Equal(8, guest.Server.Held.Nodes);
        guest.Expect(FuseOpcode.Destroy, 0, []);
        Assert.Equal((0, 0, 0), guest.Server.Held);
    }

    [Fact]
    public void Xattrs_OnlyWhatAContainersRootMaySet()
    {
        using var guest = new Guest();
        string path = Path.Combine(guest.Shared, "f");
        File.WriteAllBytes(path, []);
        ulong root = guest.Start(), file = guest.Lookup(root, "f");
        guest.Expect(FuseOpcode.SetXattr, file, [.. Body(3, 0), .. Name("user.a"), 1, 2, 3]);
        Assert.Equal([1, 2, 3], Libc.GetXattr(path, "user.a")!);
        Assert.Equal(Errno.EEXIST, guest.Try(FuseOpcode.SetXattr, file, [.. Body(1, Libc.XATTR_CREATE), .. Name("user.a"), 1]));
        Libc.SetXattr(path, "trusted.berth", [9]);
        foreach (string name in new[] { "trusted.x", "security.selinux", "system.posix_acl_access", "nonsense", "" })
            Assert.Equal(Errno.ENOTSUP, guest.Try(FuseOpcode.SetXattr, file, [.. Body(1, 0), .. Name(name), 1]));
        Assert.Equal(Errno.ENOTSUP, guest.Try(FuseOpcode.GetXattr, file, [.. Body(100, 0), .. Name("trusted.berth")]));
        Assert.Equal([3, 0, 0, 0, 0, 0, 0, 0], guest.Expect(FuseOpcode.GetXattr, file, [.. Body(0, 0), .. Name("user.a")]));
        Assert.Equal([1, 2, 3], guest.Expect(FuseOpcode.GetXattr, file, [.. Body(100, 0), .. Name("user.a")]));
        Assert.Equal(Errno.ERANGE, guest.Try(FuseOpcode.GetXattr, file, [.. Body(2, 0), .. Name("user.a")]));
        Assert.Equal(Errno.ENODATA, guest.Try(FuseOpcode.GetXattr, file, [.. Body(100, 0), .. Name("user.b")]));
        Assert.Equal(Name("user.a"), guest.Expect(FuseOpcode.ListXattr, file, Body(100, 0)));
        Assert.Equal([7, 0, 0, 0, 0, 0, 0, 0], guest.Expect(FuseOpcode.ListXattr, file, Body(0, 0)));
        guest.Expect(FuseOpcode.RemoveXattr, file, Name("user.a"));
        Assert.Empty(guest.Expect(FuseOpcode.ListXattr, file, Body(100, 0)));
    }

    [Fact]
    public void Write_ByWhoMayNotKeepPrivileges_DropsThem()
    {
        using var guest = new Guest();
        string path = Path.Combine(guest.Shared, "f");
        File.WriteAllBytes(path, [1]);
        ulong root = guest.Start(), file = guest.Lookup(root, "f"), handle = guest.Open(file, Libc.O_RDWR);
        foreach (Action change in new Action[]
        {
            () => guest.Expect(FuseOpcode.Write, file, [.. Long(handle, 0), .. Body(1, 4, 0, 0, 0, 0), 7]),
            () => guest.Expect(FuseOpcode.SetAttributes, file, Attributes(8 | 2048, size: 0)),
            () => guest.Expect(FuseOpcode.Open, file, Body(Libc.O_WRONLY | Libc.O_TRUNC, 1)),
        })
        {
            guest.Expect(FuseOpcode.SetAttributes, file, Attributes(1, mode: 0xDED /* 06755 */));
            Assert.Equal(0xDEDu, Libc.StatAt(null, path).Permissions);
            change();
            Assert.Equal(0x1EDu, Libc.StatAt(null, path).Permissions);
        }
    }

    [Fact]
    public void RangesOfFiles_AreAllocatedSoughtCopiedAndSynced()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        (ulong node, ulong handle) = guest.Create(root, "f");
        (_, ulong other) = guest.Create(root, "g");
        guest.Write(handle, 1 << 20, "data"u8);
        Assert.Equal(1ul << 20, Number(guest.Expect(FuseOpcode.Seek, node, [.. Long(handle, 0), .. Body(Libc.SEEK_DATA, 0)])));
        Assert.Equal(0ul, Number(guest.Expect(FuseOpcode.Seek, node, [.. Long(handle, 0), .. Body(Libc.SEEK_HOLE, 0)])));
        Assert.Equal(Errno.EINVAL, guest.Try(FuseOpcode.Seek, node, [.. Long(handle, 0), .. Body(Libc.SEEK_END, 0)]));
        Assert.Equal(4u, BinaryPrimitives.ReadUInt32LittleEndian(guest.Expect(FuseOpcode.CopyRange, node, [.. Long(handle, 1 << 20, 0, other, 0, 100, 0)])));
        Assert.Equal("data", File.ReadAllText(Path.Combine(guest.Shared, "g")));
        guest.Expect(FuseOpcode.Allocate, node, [.. Long(handle, 0, 3 << 20), .. Body(0, 0)]);
        Assert.Equal(3 << 20, new FileInfo(Path.Combine(guest.Shared, "f")).Length);
        guest.Expect(FuseOpcode.Sync, node, [.. Long(handle), .. Body(1, 0)]);
        guest.Expect(FuseOpcode.SyncFileSystem, 1, Long(0));
        Assert.Equal(80, guest.Expect(FuseOpcode.StatFileSystem, root, []).Length);
    }

    [Fact]
    public void TemporaryFile_GetsANameByALink()
    {
        using var guest = new Guest();
        ulong root = guest.Start();
        byte[] reply = guest.Expect(FuseOpcode.TemporaryFile, root, [.. Body(Libc.O_RDWR, 0x180, 0, 0), .. Name("ignored")]);
        guest.Write(Number(reply.AsSpan(128)), 0, "kept"u8);
        Assert.Empty(Directory.EnumerateFileSystemEntries(guest.Shared));
        guest.Expect(FuseOpcode.Link, root, [.. Long(Number(reply)), .. Name("named")]);
        Assert.Equal("kept", File.ReadAllText(Path.Combine(guest.Shared, "named")));
    }

    [Fact]
    public void SingleFile_ShowsThatFileAndNoDirectory()
    {
        using var guest = new Guest();
        string path = Path.Combine(guest.Outside, "one");
        File.WriteAllText(path, "alone");
        using var server = new FuseServer([new SharedFolder("f", Libc.Open(path, Libc.O_PATH), IsReadOnly: false)], new FuseLimits());
        byte[] reply = new byte[server.LongestReply];
        Assert.NotEqual(0, server.Serve(Message(FuseOpcode.Init, 1, Body(7, 37, 0, 0)), reply));
        Assert.NotEqual(0, server.Serve(Message(FuseOpcode.Lookup, 1, Name("f")), reply));
        ulong node = Number(reply.AsSpan(16));
        foreach (string name in new[] { "..", "one", "." })
        {
            server.Serve(Message(FuseOpcode.Lookup, node, Name(name)), reply);
            Assert.NotEqual(0, BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(4)));
        }
        server.Serve(Message(FuseOpcode.Open, node, Body(Libc.O_RDWR, 0)), reply);
        ulong handle = Number(reply.AsSpan(16));
        int length = server.Serve(Message(FuseOpcode.Read, node, [.. Long(handle, 0), .. Body(10, 0, 0, 0, 0, 0)]), reply);
        Assert.Equal("alone", Encoding.UTF8.GetString(reply, 16, length - 16));
    }

    internal static byte[] Message(FuseOpcode opcode, ulong node, byte[] body)
    {
        byte[] message = [.. Body((uint)(FuseHeader.Size + body.Length), (uint)opcode), .. Long(1, node, 0, 0), .. body];
        return message;
    }

    internal static byte[] Attributes(uint valid, uint mode = 0, uint uid = 0, ulong size = 0, ulong seconds = 0) =>
        [.. Body(valid, 0), .. Long(0, size, 0, seconds, seconds, 0), .. Body(0, 0, 0, mode, 0, uid, 0, 0)];
}
