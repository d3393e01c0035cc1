using Berth.Boot.Kernels;

namespace Berth.Boot.Tests.Kernels;

public class KernelImageTests
{
    [Fact]
    public void Parse_BzImage_Accepted()
    {
        KernelImage kernel = KernelImage.Parse(FakeKernel.BzImage());
        Assert.Equal("bzImage", kernel.Format);
        Assert.Equal(2047, kernel.CommandLineLimit);
        Assert.Equal((0x100_0000UL, 0x120_0000UL), kernel.Footprint);
    }

    [Theory]
    [InlineData(false, "elf")]
    [InlineData(true, "pvh")]
    public void Parse_Elf_Accepted(bool pvh, string format)
    {
        var kernel = (ElfImage)KernelImage.Parse(FakeKernel.Elf(pvh));
        Assert.Equal(format, kernel.Format);
        Assert.Equal(pvh ? 0x100_0020u : null, kernel.PvhEntry);
    }

    [Theory]
    [InlineData(0x1FE, 0, BootErrorCode.Corrupt)]
    [InlineData(0x206, 0x20B, BootErrorCode.TooOld)]
    [InlineData(0x211, 0, BootErrorCode.Unsupported)]
    [InlineData(0x236, 0, BootErrorCode.Unsupported)]
    [InlineData(0x1F4, 0, BootErrorCode.Corrupt)]
    [InlineData(0x1F4, 0xFFFF, BootErrorCode.Truncated)]
    [InlineData(0x24C, 0xFFFF, BootErrorCode.Corrupt)]
    [InlineData(0x258, 0x1000, BootErrorCode.Corrupt)]
    [InlineData(0x238, 0, BootErrorCode.Corrupt)]
    public void Parse_BzImageWithBadField_Refused(int offset, int value, BootErrorCode code)
    {
        byte[] file = FakeKernel.BzImage();
        FakeKernel.U16(file, offset, value);
        Assert.Equal(code, Assert.Throws<BootException>(() => KernelImage.Parse(file)).Code);
    }

    [Fact]
    public void Parse_BzImageCutAnywhere_RefusedWithoutOtherErrors()
    {
        byte[] file = FakeKernel.BzImage();
        for (int length = 0; length < file.Length - 16; length += 7)
            Assert.Throws<BootException>(() => KernelImage.Parse(file.AsMemory(0, length)));
    }

    [Theory]
    [InlineData(18, 3, BootErrorCode.Unsupported)]
    [InlineData(16, 1, BootErrorCode.NotAKernel)]
    [InlineData(54, 32, BootErrorCode.Corrupt)]
    [InlineData(34, 0xFFFF, BootErrorCode.Truncated)]
    [InlineData(64 + 32, 0xFFF, BootErrorCode.Truncated)]
    [InlineData(64 + 26, 0xFFFF, BootErrorCode.NotAKernel)]
    [InlineData(24, 0, BootErrorCode.NotAKernel)]
    public void Parse_ElfWithBadField_Refused(int offset, int value, BootErrorCode code)
    {
        byte[] file = FakeKernel.Elf(pvh: false);
        FakeKernel.U16(file, offset, value);
        if (offset == 24) FakeKernel.U32(file, 24, 0x40_0000);
        Assert.Equal(code, Assert.Throws<BootException>(() => KernelImage.Parse(file)).Code);
    }

    [Fact]
    public void Parse_RandomDamage_NeverFailsOtherwise()
    {
        var random = new Random(7);
        for (int i = 0; i < 5000; i++)
        {
            byte[] file = i % 2 == 0 ? FakeKernel.BzImage() : FakeKernel.Elf(pvh: true);
            for (int n = random.Next(1, 6); n > 0; n--) file[random.Next(i % 2 == 0 ? 0x1F0 : 0, i % 2 == 0 ? 0x270 : 0x140)] = (byte)random.Next(256);
            try
            {
                _ = KernelImage.Parse(file).Footprint;
            }
            catch (BootException)
            {
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100_000)]
    public void Parse_NoKernel_Refused(int length) =>
        Assert.Equal(BootErrorCode.NotAKernel, Assert.Throws<BootException>(() => KernelImage.Parse(new byte[length])).Code);
}
