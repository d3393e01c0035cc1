using System.Buffers.Binary;
using System.Text;
using Berth.Linux;

namespace Berth.FileSystems.Tests;

/// <summary>Messages of a guest that wants out or wants more: nothing outside its directory changes, no exception escapes, what it holds stays bounded.</summary>
public sealed class FuseServerFuzz
{
    private const string Secret = "what nobody inside may read";
    private const int Nodes = 200, Descriptors = 64, Handles = 32;
    private static readonly string[] s_names = ["a", "b", "c", "dir", "..", ".", "", "a/b", "../outside", "/etc/passwd", "secret", "link", new('n', 300), "\u00e9"];

    // A factor, and where the random numbers begin: the same each time unless told otherwise.
    private static int Setting(string name) => int.Parse(Environment.GetEnvironmentVariable(name) ?? "1", null);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Messages_Hostile_NothingOutsideIsTouched(int salt, bool readOnly)
    {
        using var guest = new Guest(readOnly, new FuseLimits { Nodes = Nodes, Descriptors = Descriptors, Handles = Handles });
        string secret = Path.Combine(guest.Outside, "secret");
        File.WriteAllText(secret, Secret);
        Libc.statx before = Libc.StatAt(null, secret), parentBefore = Libc.StatAt(null, guest.Outside);
        Directory.CreateDirectory(Path.Combine(guest.Shared, "dir"));
        File.WriteAllText(Path.Combine(guest.Shared, "a"), "content");
        File.CreateSymbolicLink(Path.Combine(guest.Shared, "link"), guest.Outside);
        File.CreateSymbolicLink(Path.Combine(guest.Shared, "dir", "secret"), secret);
        string kept = Fingerprint(guest.Shared);
        guest.Start();
        Random random = new(Setting("BERTH_FUZZ_SEED") * 1000 + salt);
        byte[] reply = new byte[guest.Server.LongestReply];
        int served = 0, refused = 0;
        for (int i = 20_000 * Setting("BERTH_FUZZ_ROUNDS"); i > 0; i--)
        {
            byte[] message = Message(random);
            int room = random.Next(4) == 0 ? random.Next(200) : 8192;
            int length = guest.Server.Serve(message, reply.AsSpan(0, room));
            Assert.InRange(length, 0, room);
            if (length >= FuseHeader.ReplySize && BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(4)) == 0) served++;
            else refused++;
            Assert.True(reply.AsSpan(0, length).IndexOf(Encoding.UTF8.GetBytes(Secret)) < 0);
            (int nodes, int descriptors, int handles) = guest.Server.Held;
            Assert.True(nodes <= Nodes && descriptors <= Descriptors + 40 && handles <= Handles, $"the guest holds {guest.Server.Held}");
            if (i % 1000 == 0) guest.Start();
        }
        Assert.True(served > 500 && refused > 500, $"{served} served, {refused} refused: not hostile enough or too hostile");
        Libc.statx after = Libc.StatAt(null, secret), parentAfter = Libc.StatAt(null, guest.Outside);
        Assert.Equal(Secret, File.ReadAllText(secret));
        Assert.Equal((before.stx_ctime, before.stx_nlink, before.stx_mode), (after.stx_ctime, after.stx_nlink, after.stx_mode));
        Assert.Equal((parentBefore.stx_ctime, parentBefore.stx_nlink), (parentAfter.stx_ctime, parentAfter.stx_nlink));
        if (readOnly) Assert.Equal(kept, Fingerprint(guest.Shared));
        MakeRemovable(guest.Shared);
    }

    // Whole requests with one thing wrong find more than noise does, which the header's length refuses.
    private static byte[] Message(Random random)
    {
        FuseOpcode opcode = (FuseOpcode)(random.Next(20) == 0 ? random.Next(4200) : random.Next(1, 52));
        if (opcode == FuseOpcode.Destroy && random.Next(20) != 0) opcode = FuseOpcode.Lookup;
        if (opcode == FuseOpcode.SyncFileSystem) opcode = FuseOpcode.Create;
        int fields = opcode switch
        {
            FuseOpcode.Lookup or FuseOpcode.Unlink or FuseOpcode.RemoveDirectory or FuseOpcode.SymbolicLink or FuseOpcode.RemoveXattr => 0,
            FuseOpcode.MakeDirectory or FuseOpcode.Link or FuseOpcode.Rename or FuseOpcode.Open or FuseOpcode.SetXattr or FuseOpcode.GetXattr => 2,
            FuseOpcode.Create or FuseOpcode.MakeNode or FuseOpcode.Rename2 or FuseOpcode.GetAttributes or FuseOpcode.TemporaryFile => 4,
            FuseOpcode.SetAttributes => 22,
            _ => 10,
        };
        List<byte> body = [];
        for (int i = 0; i < fields; i++) body.AddRange(Guest.Body(Word(random)));
        if (opcode is FuseOpcode.Rename or FuseOpcode.Link or FuseOpcode.Rename2) (body[0], body[1], body[2], body[3], body[4], body[5], body[6], body[7]) = ((byte)random.Next(12), 0, 0, 0, 0, 0, 0, 0);
        for (int i = random.Next(3); i > 0 || random.Next(8) == 0; i--) body.AddRange(Guest.Name(s_names[random.Next(s_names.Length)]));
        if (random.Next(16) == 0) body.AddRange(new byte[random.Next(3000)]);
        if (random.Next(16) == 0 && body.Count > 0) body.RemoveRange(random.Next(body.Count), 1);
        byte[] message = FuseServerTests.Message(opcode, random.Next(10) == 0 ? (ulong)random.NextInt64() : (ulong)random.Next(12), [.. body]);
        if (random.Next(4) == 0) BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(24), random.Next(3) * 1000);
        if (random.Next(16) == 0) message[random.Next(message.Length)] = (byte)random.Next(256);
        if (random.Next(16) == 0) message = message[..random.Next(message.Length)];
        return message;
    }

    private static uint Word(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => uint.MaxValue,
        2 => 1u << random.Next(32),
        3 => (uint)random.NextInt64(uint.MaxValue),
        _ => (uint)random.Next(40),
    };

    private static string Fingerprint(string directory) => string.Join('\n', Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(static path =>
    {
        Libc.statx status = Libc.StatAt(null, path);
        return $"{path} {status.stx_mode} {status.stx_ino} {status.stx_size} {status.stx_ctime.tv_sec}.{status.stx_ctime.tv_nsec}";
    }));

    // Names of the fuzzer's need not be UTF-8.
    private static void MakeRemovable(string directory) => Berth.Testing.Command.RunAsync("rm", ["-rf", "--one-file-system", directory], cancellationToken: TestContext.Current.CancellationToken).GetAwaiter().GetResult().Expect();
}
