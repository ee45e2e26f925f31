using CloudLab.Emulator.S3.Checksums;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Checksums against their published check values, and CRCs joined against CRCs computed.</summary>
[Trait("Area", "Emulator")]
public sealed class ChecksumTests
{
    // The CRC catalogue's check value: the CRC of "123456789".
    [Theory]
    [InlineData("CRC32", "CBF43926")]
    [InlineData("CRC32C", "E3069283")]
    [InlineData("CRC64NVME", "AE8B14860A799888")]
    public void A_crc_is_the_published_one(string name, string check) =>
        Assert.Equal(check, Convert.ToHexString(Compute(ChecksumAlgorithms.Find(name)!.Value, "123456789"u8.ToArray())));

    [Theory]
    [InlineData("CRC32")]
    [InlineData("CRC32C")]
    [InlineData("CRC64NVME")]
    public void Joined_crcs_are_that_of_the_whole(string name)
    {
        ChecksumAlgorithm algorithm = ChecksumAlgorithms.Find(name)!.Value;
        Random random = new(7);
        for (int round = 0; round < 50; round++)
        {
            byte[][] pieces = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
            {
                byte[] piece = new byte[random.Next(0, 3000)];
                random.NextBytes(piece);
                return piece;
            })];
            Assert.Equal(
                Compute(algorithm, [.. pieces.SelectMany(piece => piece)]),
                ChecksumHasher.Combine(algorithm, pieces.Select(piece => (Compute(algorithm, piece), (long)piece.Length))));
        }
    }

    private static byte[] Compute(ChecksumAlgorithm algorithm, byte[] data)
    {
        using ChecksumHasher hasher = new(algorithm);
        int half = data.Length / 3;
        hasher.Append(data.AsSpan(0, half));
        hasher.Append(data.AsSpan(half));
        return hasher.Finish();
    }
}
