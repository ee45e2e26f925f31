using CloudLab.Core.Storage.Checksums;
using Xunit;

namespace CloudLab.Tests.Storage;

[Trait("Area", "Storage")]
public sealed class ChecksumTests
{
    private static readonly byte[] Check = "123456789"u8.ToArray();

    // The check values of the CRC catalogue (reveng).
    [Fact]
    public void The_catalogues_check_values_come_out()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, Check));
        Assert.Equal(0xE3069283u, Crc32C.Append(0, Check));
        Assert.Equal(0xAE8B14860A799888ul, Crc64Nvme.Append(0, Check));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1001)]
    public void A_checksum_can_be_taken_in_pieces(int cut)
    {
        byte[] data = new byte[4099];
        new Random(1).NextBytes(data);
        Assert.Equal(Crc32.Append(0, data), Crc32.Append(Crc32.Append(0, data.AsSpan(0, cut)), data.AsSpan(cut)));
        Assert.Equal(Crc32C.Append(0, data), Crc32C.Append(Crc32C.Append(0, data.AsSpan(0, cut)), data.AsSpan(cut)));
        Assert.Equal(Crc64Nvme.Append(0, data), Crc64Nvme.Append(Crc64Nvme.Append(0, data.AsSpan(0, cut)), data.AsSpan(cut)));
        Assert.Equal(
            Crc32.Append(0, data),
            Crc32.Combine(Crc32.Append(0, data.AsSpan(0, cut)), Crc32.Append(0, data.AsSpan(cut)), data.Length - cut));
    }
}
