using CloudLab.Core.Identity.Policies;
using Xunit;

namespace CloudLab.Tests.Identity.Policies;

[Trait("Area", "Identity")]
public sealed class PolicyConditionTests
{
    /// <summary>Operator, the policy's values, the request's values (null: no such key), whether it holds.</summary>
    public static TheoryData<string, string[], string[]?, bool> Rows => new()
    {
        { "StringEquals", ["a"], ["a"], true },
        { "StringEquals", ["a"], ["A"], false },
        { "StringEquals", ["a", "b"], ["b"], true },
        { "StringEquals", ["a*"], ["ab"], false },
        { "StringEquals", ["a"], null, false },
        { "StringEquals", ["a"], [], false },
        { "StringEqualsIfExists", ["a"], null, true },
        { "StringEqualsIfExists", ["a"], ["b"], false },
        { "StringNotEquals", ["a"], ["b"], true },
        { "StringNotEquals", ["a", "b"], ["b"], false },
        { "StringNotEquals", ["a"], null, true },
        { "StringEqualsIgnoreCase", ["aBc"], ["AbC"], true },
        { "StringNotEqualsIgnoreCase", ["aBc"], ["AbC"], false },
        { "StringLike", ["movies/*"], ["movies/a/b"], true },
        { "StringLike", ["movies/*"], ["movies/"], true },
        { "StringLike", ["movies/*"], ["Movies/a"], false },
        { "StringLike", ["a?c"], ["abc"], true },
        { "StringLike", ["a?c"], ["ac"], false },
        { "StringLike", ["*a*b*"], ["xxaxxbxx"], true },
        { "StringLike", ["*a*b"], ["xxaxxbx"], false },
        { "StringLike", [""], [""], true },
        { "StringNotLike", ["movies/*"], ["other/a"], true },
        { "StringNotLike", ["movies/*"], ["movies/a"], false },
        { "StringNotLike", ["movies/*"], null, true },
        { "ArnEquals", ["arn:aws:iam::*:role/app-*"], ["arn:aws:iam::123456789012:role/app-one"], true },
        { "ArnLike", ["arn:aws:iam::*:role/app"], ["arn:aws:iam::1:2:role/app"], false },
        { "ArnLike", ["arn:aws:s3:::b/*"], ["arn:aws:s3:::b/c:d"], true },
        { "ArnLike", ["arn:aws:*:::b"], ["not an arn"], false },
        { "ArnNotLike", ["arn:aws:iam::*:role/app-*"], ["arn:aws:iam::123456789012:role/db"], true },
        { "ArnNotEquals", ["arn:aws:iam::1:role/a"], ["arn:aws:iam::1:role/a"], false },
        { "NumericEquals", ["10"], ["10.0"], true },
        { "NumericNotEquals", ["10"], ["11"], true },
        { "NumericLessThan", ["10"], ["9"], true },
        { "NumericLessThan", ["10"], ["10"], false },
        { "NumericLessThanEquals", ["10"], ["10"], true },
        { "NumericGreaterThan", ["10"], ["11"], true },
        { "NumericGreaterThanEquals", ["10"], ["9"], false },
        { "NumericGreaterThan", ["10"], ["many"], false },
        { "NumericLessThanIfExists", ["10"], null, true },
        { "DateGreaterThan", ["2026-01-01T00:00:00Z"], ["2026-01-02T00:00:00Z"], true },
        { "DateLessThan", ["2026-01-01T00:00:00+02:00"], ["2025-12-31T22:30:00Z"], false },
        { "DateLessThan", ["2026-01-01T00:00:00+02:00"], ["2025-12-31T21:30:00Z"], true },
        { "DateEquals", ["1767225600"], ["2026-01-01T00:00:00Z"], true },
        { "DateNotEquals", ["2026-01-01"], ["2026-01-01T00:00:00Z"], false },
        { "DateLessThanEquals", ["2026-01-01"], ["2026-01-01T00:00:00Z"], true },
        { "DateGreaterThanEquals", ["2026"], ["2025-12-31T23:59:59Z"], false },
        { "Bool", ["true"], ["true"], true },
        { "Bool", ["True"], ["true"], true },
        { "Bool", ["true"], ["false"], false },
        { "Bool", ["false"], null, false },
        { "BoolIfExists", ["false"], null, true },
        { "BinaryEquals", ["QmluYXJ5"], ["QmluYXJ5"], true },
        { "IpAddress", ["203.0.113.0/24"], ["203.0.113.7"], true },
        { "IpAddress", ["203.0.113.0/24"], ["203.0.114.7"], false },
        { "IpAddress", ["203.0.113.7"], ["203.0.113.7"], true },
        { "IpAddress", ["203.0.113.128/25"], ["203.0.113.127"], false },
        { "IpAddress", ["0.0.0.0/0"], ["8.8.8.8"], true },
        { "IpAddress", ["2001:db8::/33"], ["2001:db8:7fff::1"], true },
        { "IpAddress", ["2001:db8::/33"], ["2001:db8:8000::1"], false },
        { "IpAddress", ["203.0.113.0/24"], ["2001:db8::1"], false },
        { "IpAddress", ["10.0.0.0/8"], ["::ffff:10.1.2.3"], true },
        { "NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], ["192.168.1.1"], false },
        { "NotIpAddress", ["10.0.0.0/8"], ["8.8.8.8"], true },
        { "IpAddress", ["203.0.113.7/24"], ["203.0.113.200"], true },
        { "IpAddress", ["203.0.113.7/32"], ["203.0.113.8"], false },
        { "IpAddress", ["0.0.0.0/0"], ["2001:db8::1"], false },
        { "IpAddress", ["::/0"], ["2001:db8::1"], true },
        { "IpAddress", ["2001:DB8:0:0::ffff/64"], ["2001:db8::1"], true },
        { "IpAddress", ["2001:db8::1"], ["2001:0db8:0:0:0:0:0:1"], true },
        { "IpAddress", ["::ffff:10.0.0.0/104"], ["10.1.2.3"], true },
        { "IpAddress", ["10.0.0.0/8"], ["10.1"], false },
        { "IpAddress", ["10.0.0.0/8"], ["010.1.2.3"], false },
        { "NotIpAddress", ["10.0.0.0/8"], ["not an address"], true },
        { "BinaryEquals", ["AAE="], ["AAE="], true },
        { "BinaryEquals", ["AAE="], ["AAI="], false },
        { "BinaryEquals", ["AAE="], ["not-base-64"], false },
        { "DateEquals", ["2026-11-28T12:30Z"], ["2026-11-28T13:30:00.000+01:00"], true },
        { "NumericEquals", ["${aws:username}"], ["ann*"], false },
        { "Null", ["true"], null, true },
        { "Null", ["true"], ["x"], false },
        { "Null", ["false"], ["x"], true },
        { "Null", ["false"], null, false },
        { "ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], true },
        { "ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false },
        { "ForAllValues:StringEquals", ["a"], null, true },
        { "ForAllValues:StringNotEquals", ["a"], ["b", "c"], true },
        { "ForAllValues:StringNotEquals", ["a"], ["b", "a"], false },
        { "ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], true },
        { "ForAnyValue:StringEquals", ["a"], ["c"], false },
        { "ForAnyValue:StringEquals", ["a"], null, false },
        { "ForAnyValue:StringNotEquals", ["a"], ["a", "b"], true },
        { "ForAnyValue:StringNotEquals", ["a"], ["a"], false },
        { "ForAnyValue:StringLike", ["team-*"], ["x", "team-1"], true },
        { "ForAllValues:StringLikeIfExists", ["team-*"], null, true },
        // Variables; the request has aws:username ann*, no aws:missing.
        { "StringEquals", ["${aws:username}"], ["ann*"], true },
        { "StringLike", ["${aws:username}/x"], ["annette/x"], false },
        { "StringLike", ["${AWS:UserName}/?"], ["ann*/x"], true },
        { "StringLike", ["${*}"], ["*"], true },
        { "StringLike", ["${*}"], ["x"], false },
        { "StringLike", ["a${?}${$}"], ["a?$"], true },
        { "StringEquals", ["${aws:missing}"], [""], false },
        { "StringEquals", ["${aws:missing, 'none'}"], ["none"], true },
        { "StringEquals", ["${aws:missing,'a, b'}"], ["a, b"], true },
        { "StringNotEquals", ["${aws:missing}"], ["x"], false },
        { "StringEquals", ["${unclosed"], ["${unclosed"], true },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void An_operator_holds_as_the_user_guide_says(string name, string[] expected, string[]? actual, bool holds)
    {
        PolicyContext context = new PolicyContext().Set("aws:username", "ann*");
        PolicyCondition condition = new(name, "x:key", expected);
        Assert.Equal(holds, condition.Test.Holds(condition.Value, actual, context));
    }

    [Fact]
    public void An_address_is_in_a_range_as_NET_counts_bits()
    {
        Random random = new(20261128);
        for (int i = 0; i < 5000; i++)
        {
            byte[] network = new byte[random.Next(2) == 0 ? 4 : 16], address = new byte[network.Length];
            random.NextBytes(network);
            network.CopyTo(address, 0);
            address[random.Next(address.Length)] ^= (byte)(1 << random.Next(8));
            int bits = random.Next(network.Length * 8 + 1);
            byte[] masked = [.. network.Select((part, n) => (byte)(part & (0xff << Math.Clamp(8 - (bits - n * 8), 0, 8))))];
            bool expected = new System.Net.IPNetwork(new System.Net.IPAddress(masked), bits).Contains(new System.Net.IPAddress(address));
            PolicyCondition condition = new("IpAddress", "aws:SourceIp", [$"{new System.Net.IPAddress(network)}/{bits}"]);
            Assert.True(expected == condition.Test.Holds(condition.Value, [$"{new System.Net.IPAddress(address)}"], null), $"{condition} {new System.Net.IPAddress(address)}");
        }
    }

    [Fact]
    public void Variables_are_plain_text_in_the_older_version()
    {
        PolicyCondition condition = new("StringEquals", "x:key", ["${aws:username}"]);
        Assert.True(condition.Test.Holds(condition.Value, ["${aws:username}"], null));
    }

    [Theory]
    [InlineData("StringEqual", "did you mean 'StringEquals'?")]
    [InlineData("stringlike", "did you mean 'StringLike'?")]
    [InlineData("ForSomeValues:StringLike", "not a condition operator")]
    [InlineData("NullIfExists", "not a condition operator")]
    [InlineData("", "not a condition operator")]
    public void An_operator_that_does_not_exist_is_refused(string name, string hint) =>
        Assert.Contains(hint, Assert.Throws<Core.Common.Errors.LabException>(() => new PolicyCondition(name, "x:key", ["1"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("NumericEquals", "ten")]
    [InlineData("DateLessThan", "01/02/2026")]
    [InlineData("BinaryEquals", "not-base-64")]
    [InlineData("IpAddress", "10.0.0")]
    [InlineData("IpAddress", "010.0.0.1")]
    [InlineData("IpAddress", "1:2:3:4:5:6:7:8:9")]
    [InlineData("IpAddress", "1::2::3")]
    [InlineData("IpAddress", "fe80::1%eth0")]
    [InlineData("IpAddress", "[::1]")]
    [InlineData("IpAddress", "::1/129")]
    [InlineData("IpAddress", "")]
    [InlineData("DateLessThan", "tomorrow")]
    [InlineData("DateLessThan", "99999999999999999")]
    [InlineData("Bool", "yes")]
    [InlineData("Null", "1")]
    [InlineData("IpAddress", "10.0.0.0/33")]
    [InlineData("IpAddress", "10.0.0.0/-1")]
    [InlineData("NotIpAddress", "localhost")]
    public void A_value_that_can_never_match_is_refused(string name, string value) =>
        Assert.Contains($"'{value}'", Assert.Throws<Core.Common.Errors.LabException>(() => new PolicyCondition(name, "x:key", [value])).Message, StringComparison.Ordinal);
}
