using System.Buffers.Binary;
using System.Diagnostics;
using Berth.Boot.Acpi;

namespace Berth.Boot.Tests.Acpi;

public class AcpiTablesTests
{
    private const ulong Address = 0xE_0000;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(300)]
    public void Build_AnyTable_SumsToZero(int cpus)
    {
        AcpiTables tables = AcpiTables.Build(new() { CpuCount = cpus }, Address, 0x1_0000);
        foreach ((string signature, byte[] table) in tables.Tables)
        {
            Assert.Equal((uint)table.Length, BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(4)));
            if (signature != "FACS") Assert.Equal(0, (byte)table.Sum(b => b));
        }
        Assert.Equal(0, (byte)tables.Bytes.Take(20).Sum(b => b));
        Assert.Equal(0, (byte)tables.Bytes.Take(36).Sum(b => b));
    }

    [Fact]
    public void Build_Pointers_LeadToTables()
    {
        AcpiTables tables = AcpiTables.Build(new(), Address, 0x1_0000);
        int xsdt = At(tables, 24);
        Assert.True(tables.Bytes.AsSpan(xsdt).StartsWith("XSDT"u8));
        Assert.True(tables.Bytes.AsSpan(At(tables, xsdt + 36)).StartsWith("FACP"u8));
        Assert.True(tables.Bytes.AsSpan(At(tables, xsdt + 44)).StartsWith("APIC"u8));
        Assert.True(tables.Bytes.AsSpan(At(tables, xsdt + 52)).StartsWith("MCFG"u8));
        int fadt = At(tables, xsdt + 36);
        Assert.Equal(276, tables.Tables["FACP"].Length);
        Assert.True(tables.Bytes.AsSpan(At(tables, fadt + 140)).StartsWith("DSDT"u8));
        int facs = (int)(BinaryPrimitives.ReadUInt32LittleEndian(tables.Bytes.AsSpan(fadt + 36)) - Address);
        Assert.Equal(0, facs % 64);
        Assert.True(tables.Bytes.AsSpan(facs).StartsWith("FACS"u8));
    }

    [Fact]
    public void Build_TooManyProcessors_Refused() =>
        Assert.Throws<ArgumentException>(() => AcpiTables.Build(new() { CpuCount = 4000 }, Address, 0x1_0000));

    [Theory]
    [InlineData(1, true)]
    [InlineData(64, true)]
    [InlineData(300, false)]
    public async Task Build_AllTables_AreUnderstoodByIasl(int cpus, bool pci)
    {
        if (!File.Exists("/usr/bin/iasl"))
        {
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail("iasl (acpica-tools) is missing");
            Assert.Skip("iasl (acpica-tools) is missing");
        }
        AcpiTables tables = AcpiTables.Build(new() { CpuCount = cpus, HasPci = pci }, Address, 0x1_0000);
        string folder = Directory.CreateTempSubdirectory("berth-acpi-").FullName;
        try
        {
            foreach ((string signature, byte[] table) in tables.Tables)
            {
                string file = Path.Combine(folder, signature + ".dat");
                await File.WriteAllBytesAsync(file, table, TestContext.Current.CancellationToken);
                string said = await RunAsync("-d", file);
                string source = await File.ReadAllTextAsync(Path.ChangeExtension(file, ".dsl"), TestContext.Current.CancellationToken);
                Assert.DoesNotContain("Invalid", said + source, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("Error", said, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("incorrect checksum", source, StringComparison.OrdinalIgnoreCase);
                if (signature != "DSDT") continue;
                // What the disassembler made of it must compile again without a warning.
                Assert.Contains("0 Errors, 0 Warnings", await RunAsync(Path.ChangeExtension(file, ".dsl")), StringComparison.Ordinal);
                Assert.Contains("Name (\\_S5, Package (0x04)", source, StringComparison.Ordinal);
                Assert.Equal(pci, source.Contains("_PRT", StringComparison.Ordinal));
                Assert.Contains("PNP0501", source, StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("/usr/bin/iasl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await errors;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    private static int At(AcpiTables tables, int offset) => (int)(BinaryPrimitives.ReadUInt64LittleEndian(tables.Bytes.AsSpan(offset)) - Address);
}
