using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// SHA-256 of texts, as checksums and fingerprints are written. The platform's implementation loads its cryptographic library first, which is 5 ms of
/// a process that has just started; so a process' first texts are hashed by the algorithm as FIPS 180-4 describes it. Nothing secret is hashed here.
/// Thread-safe.
/// </summary>
internal static class TextDigest
{
    private const int BlockBytes = 64;
    private const string Digits = "0123456789abcdef";

    private static readonly uint[] Start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    // What a first migration takes; whoever hashes more is better served by the platform.
    private static int _left = 96 * 1024;

    /// <summary>The digest of a text in UTF-8: 64 lower-case hexadecimal digits.</summary>
    public static string Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Volatile.Read(ref _left) <= bytes.Length || Interlocked.Add(ref _left, -bytes.Length) < 0
            ? Convert.ToHexStringLower(SHA256.HashData(bytes))
            : Compute(bytes);
    }

    /// <summary>The same, always by the code below.</summary>
    internal static string Compute(byte[] bytes)
    {
        var state = (uint[])Start.Clone();
        var whole = bytes.Length / BlockBytes * BlockBytes;
        for (var at = 0; at < whole; at += BlockBytes)
            Add(state, bytes.AsSpan(at, BlockBytes));

        // The rest, one bit, zeros, and the length in bits at the end of a block.
        var rest = bytes.Length - whole;
        var tail = new byte[rest + 1 + sizeof(ulong) <= BlockBytes ? BlockBytes : 2 * BlockBytes];
        bytes.AsSpan(whole).CopyTo(tail);
        tail[rest] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(tail.AsSpan(tail.Length - sizeof(ulong)), (ulong)bytes.Length * 8);
        for (var at = 0; at < tail.Length; at += BlockBytes)
            Add(state, tail.AsSpan(at, BlockBytes));
        return Hexadecimal(state);
    }

    private static void Add(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[BlockBytes];
        for (var i = 0; i < 16; i++)
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        for (var i = 16; i < w.Length; i++)
        {
            var low = BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3);
            var high = BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + low + w[i - 7] + high;
        }

        uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (var i = 0; i < w.Length; i++)
        {
            var one = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25)) + ((e & f) ^ (~e & g)) + Constants[i] + w[i];
            var two = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e) = (g, f, e, d + one);
            (d, c, b, a) = (c, b, a, one + two);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    private static string Hexadecimal(uint[] state)
    {
        var text = new char[8 * state.Length];
        for (var i = 0; i < text.Length; i++)
            text[i] = Digits[(int)(state[i / 8] >> (28 - (4 * (i % 8)))) & 0xf];
        return new string(text);
    }
}
