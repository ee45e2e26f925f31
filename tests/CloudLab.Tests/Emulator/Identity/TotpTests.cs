using CloudLab.Emulator.Identity;
using Xunit;

namespace CloudLab.Tests.Emulator.Identity;

/// <summary>The test vectors of RFC 6238, appendix B (SHA-1), whose last six digits are the codes, and of RFC 4648, section 10.</summary>
[Trait("Area", "Identity")]
public class TotpTests
{
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void A_code_is_that_of_the_standard(long time, string code) =>
        Assert.Equal(code, Totp.Code("12345678901234567890"u8.ToArray(), Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(time))));

    [Theory]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    public void A_secret_is_written_and_read_as_base32(string bytes, string text)
    {
        Assert.Equal(text, Totp.ToBase32(System.Text.Encoding.ASCII.GetBytes(bytes)));
        Assert.Equal(bytes, System.Text.Encoding.ASCII.GetString(Totp.FromBase32(text)));
    }
}
