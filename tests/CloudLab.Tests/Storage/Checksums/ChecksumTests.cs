using CloudLab.Core.Storage.Checksums;
using Xunit;

namespace CloudLab.Tests.Storage.Checksums;

[Trait("Area", "Storage")]
public sealed class ChecksumTests
{
    private static readonly byte[] Check = "123456789"u8.ToArray();
    private static readonly byte[] Noise = MakeNoise();

    // The check values of the CRC catalogue (reveng), and of NVM Command Set 1.0 for 4 KiB of zeros.
    [Fact]
    public void The_catalogues_check_values_come_out()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, Check));
        Assert.Equal(0xE3069283u, Crc32C.Append(0, Check));
        Assert.Equal(0xAE8B14860A799888ul, Crc64Nvme.Append(0, Check));
        Assert.Equal(0x6482D367EB22B64Eul, Crc64Nvme.Append(0, new byte[4096]));
    }

    [Fact]
    public void The_naive_way_that_the_others_are_held_to_knows_the_check_values()
    {
        Assert.Equal(0xCBF43926ul, Naive(0xEDB88320, 32, Check));
        Assert.Equal(0xE3069283ul, Naive(0x82F63B78, 32, Check));
        Assert.Equal(0xAE8B14860A799888ul, Naive(0x9A6C9329AC4BC9B5, 64, Check));
    }

    // Every length up to some rounds of folding, at every offset of a word, so that the blocks lie across alignment.
    [Fact]
    public void Every_way_agrees_with_the_naive_one_at_every_short_length()
    {
        for (int length = 0; length <= 300; length++)
        {
            HoldToNaive(Noise.AsSpan(length % 17, length));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_way_agrees_with_the_naive_one_at_long_lengths(int seed)
    {
        Random random = new(seed);
        for (int i = 0; i < 20; i++)
        {
            int offset = random.Next(64);
            HoldToNaive(Noise.AsSpan(offset, random.Next(301, Noise.Length - offset)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1001)]
    [InlineData(4035)]
    [InlineData(4099)]
    public void A_checksum_can_be_taken_in_pieces_and_put_together(int cut)
    {
        ReadOnlySpan<byte> all = Noise.AsSpan(0, 4099), first = all[..cut], second = all[cut..];
        uint crc32 = Crc32.Append(0, all), crc32C = Crc32C.Append(0, all);
        ulong crc64 = Crc64Nvme.Append(0, all);

        Assert.Equal(crc32, Crc32.Append(Crc32.Append(0, first), second));
        Assert.Equal(crc32C, Crc32C.Append(Crc32C.Append(0, first), second));
        Assert.Equal(crc64, Crc64Nvme.Append(Crc64Nvme.Append(0, first), second));

        Assert.Equal(crc32, Crc32.Combine(Crc32.Append(0, first), Crc32.Append(0, second), second.Length));
        Assert.Equal(crc32C, Crc32C.Combine(Crc32C.Append(0, first), Crc32C.Append(0, second), second.Length));
        Assert.Equal(crc64, Crc64Nvme.Combine(Crc64Nvme.Append(0, first), Crc64Nvme.Append(0, second), second.Length));
    }

    // Three pieces of 5 TiB each are put together as 10 TiB behind 5 or 5 behind 10.
    [Fact]
    public void Pieces_can_be_larger_than_memory_and_put_together_in_any_order()
    {
        const long Size = 5L << 40;
        Assert.Equal(
            Crc32.Combine(Crc32.Combine(1, 2, Size), 3, Size), Crc32.Combine(1, Crc32.Combine(2, 3, Size), 2 * Size));
        Assert.Equal(
            Crc32C.Combine(Crc32C.Combine(1, 2, Size), 3, Size), Crc32C.Combine(1, Crc32C.Combine(2, 3, Size), 2 * Size));
        Assert.Equal(
            Crc64Nvme.Combine(Crc64Nvme.Combine(1, 2, Size), 3, Size), Crc64Nvme.Combine(1, Crc64Nvme.Combine(2, 3, Size), 2 * Size));
    }

    private static void HoldToNaive(ReadOnlySpan<byte> data)
    {
        uint crc32 = (uint)Naive(0xEDB88320, 32, data), crc32C = (uint)Naive(0x82F63B78, 32, data);
        ulong crc64 = Naive(0x9A6C9329AC4BC9B5, 64, data);

        Assert.Equal(crc32, Crc32.Append(0, data));
        Assert.Equal(crc32C, Crc32C.Append(0, data));
        Assert.Equal(crc64, Crc64Nvme.Append(0, data));

        // What processors without the instructions do.
        Assert.Equal(crc32, Crc32.Polynomial.AppendByTable(0, data));
        Assert.Equal(crc32C, Crc32C.Polynomial.AppendByTable(0, data));
        Assert.Equal(crc32C, Crc32C.AppendByInstruction(0, data));
        Assert.Equal(crc64, Crc64Nvme.Polynomial.AppendByTable(0, data));
    }

    private static ulong Naive(ulong polynomial, int width, ReadOnlySpan<byte> data)
    {
        ulong ones = ulong.MaxValue >> (64 - width), crc = ones;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
            }
        }

        return crc ^ ones;
    }

    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[100_000];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
