using System.Text;
using CloudLab.Core.Storage.Listing;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Storage.Listing;

[Trait("Area", "Storage")]
public sealed class KeyOrderTests
{
    /// <summary>Pieces of names that the two orders disagree about, or that sort around a slash.</summary>
    internal static readonly string[] Pieces = ["a", "A", "-", ".", "/", "0", "é", "\ud7ff", "\ue000", "\uffee", "😀", "\U0010ffff", " ", "~"];

    [Fact]
    public void Keys_are_in_the_order_of_their_bytes()
    {
        Gen<string> name = Gen.ArrayOf(Gen.Elements(Pieces)).Select(string.Concat);
        Prop.ForAll((from a in name from b in name select (a, b)).ToArbitrary(), pair =>
            Math.Sign(KeyOrder.Compare(pair.a, pair.b))
            == Math.Sign(Encoding.UTF8.GetBytes(pair.a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(pair.b)))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_written_with_surrogates_comes_last() =>
        Assert.Equal(["a", "\ue000", "\uffee", "😀"], new[] { "😀", "\uffee", "a", "\ue000" }.Order(KeyOrder.Instance));
}
